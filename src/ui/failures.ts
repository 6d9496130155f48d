import { escapeName } from '../core/escape.ts'
import { formatBytes, listed } from '../core/format.ts'
import { unreachable } from '../model/failure.ts'
import type { Failure } from '../model/failure.ts'
import type { Event } from '../model/event.ts'
import { composeLine, sameProjectLine, safeLine } from './words.ts'

type Failed = Extract<Event, { type: 'failed' }>

/** A failure in words: what it is, and how it can be mended, a line each. */
interface Told {
  readonly what: string
  readonly how: readonly string[]
}

/**
 * What went wrong, where, and how to mend it. A guarded command that did not run is named first, since that is what
 * its user wants to know.
 *
 * @param running what was stopped for a copy and runs again, by name
 */
export function failedLines(
  { failure, kind, command }: Failed,
  running: readonly string[],
): readonly string[] {
  const { what, how } = tell(failure, kind, command)
  if (kind === 'own' || speaksForItself.has(failure.reason))
    return [`safe-compose: ${what}`, ...how.map(line => `  ${line}`)]
  return [
    `safe-compose: NOT run: \`${composeLine(command)}\``,
    `  ${what}`,
    `  ${restartedWords(running)}Nothing was deleted.`,
    ...how.map(line => `  ${line}`),
  ]
}

/** A failure for those who were not there: what it is, and how it can be mended. */
export function failureInWords(failure: Failure, command: readonly string[]): Told {
  return tell(failure, 'own', command)
}

function restartedWords(running: readonly string[]): string {
  if (running.length === 0) return ''
  const [were, are] = running.length === 1 ? ['was', 'is'] : ['were', 'are']
  return `${listed(running)} ${were} stopped for the copy and ${are} running again. `
}

/** Failures whose first line already says that nothing ran, or that are about our own words. */
const speaksForItself: ReadonlySet<Failure['reason']> = new Set([
  'compose-not-found',
  'compose-not-executable',
  'docker-not-found',
  'docker-not-executable',
  'bad-usage',
  'bad-configuration',
  'refused',
  'declined',
  'interrupted',
])

function tell(failure: Failure, kind: Failed['kind'], command: readonly string[]): Told {
  switch (failure.reason) {
    case 'compose-not-found':
      return {
        what: 'no Docker Compose was found',
        how: [
          `looked at: ${failure.looked.length === 0 ? 'nothing that exists' : failure.looked.map(escapeName).join(', ')}`,
          'install Docker Compose, or name it: SAFE_COMPOSE_DOCKER_COMPOSE=/path/to/docker-compose',
        ],
      }
    case 'compose-not-executable':
      return {
        what: `${escapeName(failure.path)} cannot be run: ${escapeName(failure.why)}`,
        how: [
          'SAFE_COMPOSE_DOCKER_COMPOSE names it: correct that, or unset it to use the one that is installed',
        ],
      }
    case 'docker-not-found':
      return {
        what: 'no docker was found',
        how: [
          `looked at: ${failure.looked.map(escapeName).join(', ')}`,
          'install the docker CLI, or name it: SAFE_COMPOSE_DOCKER=/path/to/docker',
        ],
      }
    case 'docker-not-executable':
      return {
        what: `${escapeName(failure.path)} cannot be run: ${escapeName(failure.why)}`,
        how: ['SAFE_COMPOSE_DOCKER names it: correct that, or unset it to use the one on the PATH'],
      }
    case 'bad-usage':
      return { what: escapeName(failure.what), how: [escapeName(failure.how)] }
    case 'bad-configuration':
      return {
        what: `${placeOf(failure)}: ${escapeName(failure.what)}`,
        how: [escapeName(failure.how)],
      }
    case 'engine-unreachable':
      return {
        what: `the Docker engine at ${escapeName(failure.host)} does not answer: ${escapeName(failure.why)}`,
        how: ['see whether it runs (docker info), and whether it is the one you mean (docker context ls)'],
      }
    case 'bad-engine-endpoint':
      return { what: escapeName(failure.what), how: [escapeName(failure.how)] }
    case 'refused':
      return { what: `refused: ${escapeName(failure.why)}`, how: ['Nothing was changed.'] }
    case 'declined':
      return { what: 'stopped. Nothing was changed.', how: [] }
    case 'backup-failed':
      return {
        what: `the backup of ${escapeName(failure.holding)} failed: ${escapeName(failure.why)}`,
        how: [escapeName(failure.how)],
      }
    case 'store-unusable':
      return {
        what: `the store ${escapeName(failure.path)} cannot be used: ${escapeName(failure.why)}`,
        how: [escapeName(failure.how), `or choose another place:  ${elsewhere(command)}`],
      }
    case 'no-space':
      return {
        what: noSpace(failure),
        how: [`make room, or choose another place:  ${elsewhere(command)}`],
      }
    case 'locked':
      return {
        what: `another run is at work on this project: ${escapeName(failure.by)}`,
        how: [escapeName(failure.how)],
      }
    case 'restore-point-not-found':
      return notFound(failure, command)
    case 'archive-damaged':
      return {
        what: `the archive ${escapeName(failure.path)} is damaged: ${escapeName(failure.why)}`,
        how: [
          `nothing was restored from it; choose another restore point:  ${sameProjectLine(command, ['backups'])}`,
        ],
      }
    case 'no-identity':
      return {
        what: `the restore point ${escapeName(failure.id)} cannot be opened here: ${escapeName(failure.why)}`,
        how: [
          `it is encrypted to ${failure.recipients.map(escapeName).join(', ')}`,
          'name the file with the identity of one of them:  SAFE_COMPOSE_IDENTITY_FILE=FILE, or encrypt.identityFile',
        ],
      }
    case 'manifest-unreadable':
      return {
        what: `the manifest ${escapeName(failure.path)} cannot be read: ${escapeName(failure.why)}`,
        how: [escapeName(failure.how)],
      }
    case 'restore-failed':
      return {
        what: `the restore of ${escapeName(failure.holding)} failed: ${escapeName(failure.why)}`,
        how: [escapeName(failure.how)],
      }
    case 'nothing-to-undo':
      return {
        what: `nothing to undo: ${escapeName(failure.why)}`,
        how: [`restore points are listed by:  ${sameProjectLine(command, ['backups'])}`],
      }
    case 'not-possible':
      return { what: escapeName(failure.what), how: [escapeName(failure.how)] }
    case 'interrupted': {
      const by = `ended by ${signalWords[failure.signal]}`
      return { what: kind === 'own' ? by : `${by} before Compose ran. Nothing was deleted.`, how: [] }
    }
    default:
      return unreachable(failure)
  }
}

const signalWords = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM', SIGHUP: 'SIGHUP' } as const

function placeOf(failure: Extract<Failure, { reason: 'bad-configuration' }>): string {
  const line = failure.line === null ? '' : `:${failure.line}`
  const key = failure.key === null ? '' : `: ${escapeName(failure.key)}`
  return `${escapeName(failure.file)}${line}${key}`
}

function noSpace({ holding, written, path, free, needed }: Extract<Failure, { reason: 'no-space' }>): string {
  const backup =
    holding === null
      ? ''
      : `the backup of ${escapeName(holding)} ${written === 0 ? 'was not begun' : `failed after ${formatBytes(written)}`}: `
  const need = needed === null ? '' : `, about ${formatBytes(needed)} needed`
  return `${backup}no space left on ${escapeName(path)} (${formatBytes(free)} free${need})`
}

function elsewhere(command: readonly string[]): string {
  return safeLine(command, ['--safe-store', '/another/disk'])
}

function notFound(
  { id, candidates }: Extract<Failure, { reason: 'restore-point-not-found' }>,
  command: readonly string[],
): Told {
  const list = `all are listed by:  ${sameProjectLine(command, ['backups'])}`
  const names = listed(candidates.map(escapeName))
  const several = candidates.length > 1 && candidates.every(each => each.startsWith(id))
  if (several) return { what: `several restore points begin with ${escapeName(id)}: ${names}`, how: [list] }
  return {
    what: `there is no restore point ${escapeName(id)}`,
    how: candidates.length === 0 ? [list] : [`there are: ${names}`, list],
  }
}
