import type { Danger } from '../../model/docker-line.ts'
import type { Invocation } from '../../model/invocation.ts'
import { escapeName } from '../escape.ts'
import { flagText, isDryRun, isOn } from '../invocation.ts'

/** What a line may cost that nobody has looked at the engine for. */
export interface LineDanger {
  readonly what: string
  /** `directory`: a directory of this machine. */
  readonly kind: Danger['kind'] | 'directory'
  /** False where it depends on what is there whether anything is lost at all. */
  readonly isCertain: boolean
}

/**
 * What a Compose line says by itself that it destroys, where nobody can look at the engine; null for one that destroys
 * nothing, or only what the next `up` makes again.
 *
 * @param answersYes something that answers its questions with yes is piped into it
 */
export function endangers(invocation: Invocation, answersYes = false): LineDanger | null {
  if (invocation.outcome !== 'run') return null
  const command = invocation.command.join(' ')
  // It does so also when it is only to show what it would do.
  if (command === 'bridge convert') {
    const directory = escapeName(flagText(invocation, 'output') ?? 'out')
    return {
      kind: 'directory',
      what: `the directory ${directory} with everything in it`,
      isCertain: false,
    }
  }
  if (isDryRun(invocation)) return null
  switch (command) {
    case 'down':
      return isOn(invocation, 'volumes')
        ? certain('volumes', `the named volumes of ${scopeOf(invocation)}`)
        : null
    case 'rm':
      return isOn(invocation, 'volumes')
        ? certain('anonymous', `containers of ${scopeOf(invocation)} with their anonymous volumes`)
        : null
    case 'up':
    case 'create':
    case 'run':
    case 'scale':
    case 'watch':
      return recreates(invocation, answersYes)
    default:
      return null
  }
}

function recreates(invocation: Invocation, answersYes: boolean): LineDanger | null {
  if (isOn(invocation, 'yes') || answersYes)
    return {
      kind: 'volumes',
      what: 'every volume whose definition in the Compose file has changed, since its question is answered with yes',
      isCertain: false,
    }
  if (!isOn(invocation, 'renew-anon-volumes')) return null
  return {
    kind: 'anonymous',
    what: 'the connection to the data in anonymous volumes: the services start with new, empty ones',
    isCertain: false,
  }
}

function certain(kind: Danger['kind'], what: string): LineDanger {
  return { kind, what, isCertain: true }
}

function scopeOf({ args }: Invocation): string {
  return args.length === 0 ? 'the project' : args.map(escapeName).join(', ')
}
