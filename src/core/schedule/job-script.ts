import { shellWord } from '../shell-word.ts'
import { maskedStore } from '../store-location.ts'

/** What is started again by a scheduler, and everything that it needs for it. */
export interface ScheduledCommand {
  readonly directory: string
  /** What starts us, the program by its absolute path. */
  readonly start: readonly string[]
  /** Compose's globals as typed, which choose the project. */
  readonly globals: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/** When the log has so many bytes it becomes the old log, and the old log goes. */
const logLimit = 1_000_000

/**
 * The shell script that a timer calls: it goes to the project's directory, sets what the environment of a timer lacks, and
 * starts us. A user can read it and run it.
 *
 * @param log where its output is appended; null where the scheduler keeps a log itself
 */
export function jobScript(project: string, command: ScheduledCommand, log: string | null): string {
  const { directory, start, globals, variables } = command
  const words = [...start, ...globals, 'schedule', 'run']
  return [
    '#!/bin/sh',
    `# The scheduled backups of project ${oneLine(project)}.`,
    '# Written by `safe-compose schedule install`; `safe-compose schedule remove` takes it back.',
    ...(log === null ? [] : logLines(log)),
    `cd ${shellWord(directory)} || exit 1`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`),
    `exec ${words.map(shellWord).join(' ')} "$@"`,
    '',
  ].join('\n')
}

/** Where no log can be written the run is begun all the same, and tells it. */
function logLines(log: string): readonly string[] {
  return [
    `log=${shellWord(log)}`,
    `if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt ${logLimit} ]; then mv -f "$log" "$log.1"; fi`,
    'if true >>"$log"; then exec >>"$log" 2>&1; fi',
    'exec </dev/null',
  ]
}

/** A comment ends with its line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ')
}

/** Variables of the caller that say which project, engine, Compose and store are meant. */
const carried = /^(?:COMPOSE|DOCKER|SAFE_COMPOSE|RESTIC|RCLONE|AWS|AZURE|B2|GOOGLE|OS|ST)_[A-Z0-9_]+$/
const carriedByName = ['HOME', 'PATH', 'LANG', 'LC_ALL', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'TZ']
const carriedAlways = new Set([
  ...carriedByName,
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
])

/** What was meant for the moment, and what we tell ourselves. */
const momentary =
  /^SAFE_COMPOSE(?:_(?:YES|ALLOW|NO_BACKUP|DRY_RUN|JSON|VERBOSE|BEFORE_SHELL|SCHEDULE|CALLED_AS.*))?$/

/** Values that are a secret; not the names of files or commands that tell one. */
const secret = /(?:PASSWORD|PASSPHRASE|PASS|SECRET|TOKEN|KEY|SAS|SAS_URL|AUTH_CONFIG|AUTH)$/

/**
 * Which variables of the caller go into the script, and the names of those that would be needed and are secret: they are
 * never written down.
 */
export function variablesToCarry(variables: Readonly<Record<string, string>>): {
  readonly carried: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
} {
  const wanted = Object.entries(variables)
    .filter(([name, value]) => value !== '' && !momentary.test(name))
    .filter(([name]) => carried.test(name) || carriedAlways.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const isSecret = ([name, value]: readonly [string, string]): boolean =>
    secret.test(name) || maskedStore(value) !== value
  return {
    carried: Object.fromEntries(wanted.filter(each => !isSecret(each))),
    secrets: wanted.filter(isSecret).map(([name]) => name),
  }
}
