import type { CommandEffect } from '../../model/invocation.ts'

/**
 * The root level of every Compose: the flags before the command, the commands' names, and what each can do to data.
 * Small on purpose: the fast path of a harmless command (../classify.ts) loads this and not commands.ts. Flags are
 * read by flagSet (flags.ts).
 */

/** Docker's own flags, before the word `compose` or moved there from a standalone line. None follows it. */
export const dockerFlags = `
  config=text context,c=text debug,D help,h host,H=list log-level,l=text tls tlscacert=text tlscert=text
  tlskey=text tlsverify`

/** Compose's flags before the command. `dry-run` and `help` may also follow it, and the last one counts. */
export const globalFlags = `
  all-resources@2.27.0 ansi=text compatibility dry-run@2.16.0 env-file=list file,f=list help,h
  insecure-registry=list@5.0.0 no-ansi parallel=int@2.14.1 profile=list progress=text@2.19.0
  project-directory=text project-name,p=text verbose version,v workdir=text`

export const persistentFlags = 'dry-run@2.16.0 help,h'

/**
 * Global switches that only some versions know. Where one stands without `=`, another version may take the word
 * after it for its value, and then another word is the command.
 */
export const varyingSwitches: readonly string[] = ['all-resources', 'compatibility', 'dry-run']

/**
 * What a command can do to data; `by-command` if its subcommands differ, `{ guardedBy }` if it is read-only unless
 * one of these switches is on.
 */
type Effect = CommandEffect | 'by-command' | { readonly guardedBy: readonly string[] }

/** Every command by its path; the guarded ones in the order of what they can destroy, the worst first. */
export const effects: Readonly<Record<string, Effect>> = {
  // Removes containers with their writable layers, and volumes with -v.
  down: 'guarded',
  // Removes containers with their writable layers, anonymous volumes with -v.
  rm: 'guarded',
  // Deletes its output directory before it does anything else.
  'bridge convert': 'guarded',
  // Recreate what differs from the file, replace volumes whose definition changed, remove excess replicas.
  up: 'guarded',
  create: 'guarded',
  // Recreate likewise, and do not carry anonymous volumes over.
  scale: 'guarded',
  'alpha scale': 'guarded',
  run: 'guarded',
  // Start with an `up`, then rebuild, recreate, and delete files in containers.
  watch: 'guarded',
  'alpha watch': 'guarded',
  // Cut databases off, by any signal; a container of `run --rm` is deleted with its volumes when it stops.
  kill: 'guarded',
  restart: 'guarded',
  stop: 'guarded',
  // Starts databases again on whatever is mounted by now.
  start: 'guarded',
  // Shows and waits. With the switch it ends with a `down`.
  wait: { guardedBy: ['down-project'] },

  alpha: 'by-command',
  bridge: 'by-command',
  'bridge transformations': 'by-command',

  // Change images only: no container uses the new one before a guarded command recreates it.
  build: 'read-only',
  pull: 'read-only',
  commit: 'read-only',
  // Send to a registry, and may build and push before that.
  push: 'read-only',
  publish: 'read-only',
  'alpha publish': 'read-only',
  // Freeze and thaw processes: nothing is written or lost.
  pause: 'read-only',
  unpause: 'read-only',
  // Do in a container what the user spells out, as a shell does; no command line tells what that is.
  attach: 'read-only',
  cp: 'read-only',
  exec: 'read-only',
  // Write a file that the user names.
  config: 'read-only',
  export: 'read-only',
  // Refuses a directory that exists; its container mounts nothing.
  'bridge transformations create': 'read-only',
  // Runs against a client that changes nothing; it was gone before provider programs came.
  'alpha dry-run': 'read-only',
  // Only show.
  'alpha generate': 'read-only',
  'alpha viz': 'read-only',
  'bridge transformations list': 'read-only',
  'docker-cli-plugin-hooks': 'read-only',
  events: 'read-only',
  images: 'read-only',
  logs: 'read-only',
  ls: 'read-only',
  port: 'read-only',
  ps: 'read-only',
  stats: 'read-only',
  top: 'read-only',
  version: 'read-only',
  volumes: 'read-only',
}

/** Other names of commands, by path. */
const aliases: Readonly<Record<string, { readonly path: string; readonly until?: string }>> = {
  convert: { path: 'config', until: '2.36.0' },
  'bridge transformations ls': { path: 'bridge transformations list' },
}

/** Words in place of `compose`, which the docker CLI or a shell's completion sends: they answer and do nothing. */
export const internalWords: readonly string[] = [
  '__complete',
  '__completeNoDesc',
  'completion',
  'docker-cli-plugin-metadata',
  'help',
]

/** The flags of `docker-compose` 1.29 before the command. Each may be cut short as long as it stays unique. */
export const globalFlagsV1 = `
  ansi=text compatibility context,c=text env-file=text file,f=list -help,h help host,H=text log-level=text
  no-ansi profile=list project-directory=text project-name,p=text skip-hostname-check tls tlscacert=text
  tlscert=text tlskey=text tlsverify verbose version,v`

/** Those of them that steer the Docker client. */
export const dockerKeysV1: readonly string[] = [
  'context',
  'host',
  'log-level',
  'tls',
  'tlscacert',
  'tlscert',
  'tlskey',
  'tlsverify',
]

/** The commands of `docker-compose` 1.29; what they do to data is what their namesakes do. */
export const commandsV1: readonly string[] = [
  'build',
  'config',
  'create',
  'down',
  'events',
  'exec',
  'help',
  'images',
  'kill',
  'logs',
  'pause',
  'port',
  'ps',
  'pull',
  'push',
  'restart',
  'rm',
  'run',
  'scale',
  'start',
  'stop',
  'top',
  'unpause',
  'up',
  'version',
]

/** The command of a v1 word, in which `-` and `_` are the same; null if it is none. */
export function commandV1(word: string): string | null {
  const name = word.replaceAll('-', '_') === 'exec_command' ? 'exec' : word
  return commandsV1.includes(name) ? name : null
}

/** The command that `word` names below `path`, and until which version it has that name; null if it is none. */
export function findCommandName(
  path: readonly string[],
  word: string,
): { readonly path: string; readonly until?: string } | null {
  const key = [...path, word].join(' ')
  if (word === '' || word.includes(' ')) return null
  if (Object.hasOwn(aliases, key)) return aliases[key] ?? null
  return Object.hasOwn(effects, key) ? { path: key } : null
}

/** Whether the path names no command of its own but a group of them: Compose itself, `alpha`, `bridge`. */
export function isGroup(path: readonly string[]): boolean {
  return path.length === 0 || findEffect(path) === 'by-command'
}

/** What the command can do to data; null where that is not known of the path alone. */
export function effectOfPath(path: readonly string[]): CommandEffect | null {
  const effect = findEffect(path)
  return typeof effect === 'object' || effect === 'by-command' ? null : effect
}

/** What the command can do to data with these switches on. */
export function effectWith(path: readonly string[], isOn: (flag: string) => boolean): CommandEffect {
  const effect = findEffect(path)
  if (typeof effect === 'object') return effect.guardedBy.some(isOn) ? 'guarded' : 'read-only'
  return effect === 'guarded' ? 'guarded' : 'read-only'
}

/** How much a guarded command can destroy: the smaller, the more. */
export function destructionRank(path: readonly string[]): number {
  return Object.keys(effects).indexOf(path.join(' '))
}

/** The words that stand in place of `compose`, v1's `help` and no command at all do nothing to data. */
function findEffect(path: readonly string[]): Effect {
  const key = path.join(' ')
  return (Object.hasOwn(effects, key) ? effects[key] : undefined) ?? 'read-only'
}
