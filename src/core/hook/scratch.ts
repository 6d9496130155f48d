import type { Invocation } from '../../model/invocation.ts'
import { globalList, globalText } from '../invocation.ts'
import type { FoundCommand } from './find-commands.ts'

/** Where the Compose files of a line are. */
export interface ComposePlace {
  /** Those that the line names; empty where Compose looks for them itself. */
  readonly files: readonly string[]
  /** Where it looks for them; null where that is not known. */
  readonly directory: string | null
}

export function composePlace(invocation: Invocation, command: FoundCommand): ComposePlace {
  const isElsewhere = globalText(invocation, 'project-directory') !== null
  return {
    files: globalList(invocation, 'file'),
    directory: isElsewhere || command.variables.has('COMPOSE_FILE') ? null : command.directory,
  }
}

/**
 * `-p scratch-7f3a … down -v`, the way that refusals recommend: a project made to be thrown away, as far as its name
 * tells. Whether it is one, its files tell.
 */
export function takesScratchDown(invocation: Invocation, command: FoundCommand): boolean {
  const project = globalText(invocation, 'project-name') ?? command.variables.get('COMPOSE_PROJECT_NAME')
  return invocation.command[0] === 'down' && isScratchName(project ?? '')
}

/** `volume rm scratch-7f3a_pgdata`: nothing but volumes of such projects. */
export function removesScratchOnly(words: readonly string[]): boolean {
  const [group, verb, ...rest] = words
  if (group !== 'volume' || (verb !== 'rm' && verb !== 'remove')) return false
  const names = rest.filter(word => !word.startsWith('-'))
  return names.length > 0 && names.every(name => isScratchName(name) && name.includes('_'))
}

function isScratchName(name: string): boolean {
  return /^scratch-[a-z0-9_-]+$/.test(name)
}
