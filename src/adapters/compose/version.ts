import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FoundCompose } from './find.ts'
import { childVariables } from './found-variables.ts'
import { isPythonFile, isScriptFile } from './ourselves.ts'
import type { Variables } from './own-process.ts'

/** Set while a Compose is asked for its version: if the question reaches us, the asked one leads back to us. */
const probeVariable = 'SAFE_COMPOSE_PROBE'

/** What we answer to such a question. */
export const probeAnswer = 'safe-compose'

/** What is asked, besides the words that lead to Compose. */
const question = ['version', '--short']

/** The same question to a docker: no docker answers it. */
export const askedForProbe = { words: question, variables: { [probeVariable]: '1' } }

/** Whether these are the words and variables of such a question. */
export function isProbe(argv: readonly string[], variables: Variables): boolean {
  return variables[probeVariable] === '1' && question.every(word => argv.includes(word))
}

/** `$XDG_CACHE_HOME/safe-compose`, else `~/.cache/safe-compose`. */
export function cacheFolderOf(variables: Variables): string {
  const base = variables['XDG_CACHE_HOME'] ?? ''
  return join(base.startsWith('/') ? base : join(homedir(), '.cache'), 'safe-compose')
}

/**
 * The version that a Compose says it has, such as `2.40.3`; null when it does not say. What it said is remembered in
 * `cacheFolder` by path, size and time of change, so that it costs one small read. Scripts are asked each time, since
 * what they lead to may change without them; Python's entry points change with what they belong to.
 */
export function composeVersion(
  found: FoundCompose,
  variables: Variables,
  cacheFolder: string,
): string | null {
  const key = found.path === null || !isLasting(found.path) ? null : keyOf(found.path)
  const file = join(cacheFolder, 'compose-versions.json')
  const known = key === null ? [] : readEntries(file)
  const hit = known.find(entry => entry.key === key)
  if (hit !== undefined) return hit.version
  const version = askVersion(found, variables)
  if (key !== null && version !== null) writeEntries(file, [{ key, version }, ...known.slice(0, 15)])
  return version
}

function isLasting(path: string): boolean {
  return !isScriptFile(path) || isPythonFile(path)
}

function keyOf(path: string): string {
  const { size, mtimeMs } = statSync(path)
  return `${path} ${size} ${mtimeMs}`
}

function askVersion(found: FoundCompose, variables: Variables): string | null {
  const { program, prefixArgs, lead } = found
  const { status, stdout } = spawnSync(program, [...prefixArgs, ...lead, ...question], {
    env: { ...childVariables(found, variables), [probeVariable]: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
  const text = (stdout ?? '').trim()
  return status === 0 && text !== '' ? text : null
}

interface Entry {
  readonly key: string
  readonly version: string
}

function readEntries(file: string): readonly Entry[] {
  try {
    const entries: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(entries) ? entries.filter(isEntry) : []
  } catch {
    // Not there yet, or torn: Compose is asked again and the file written anew.
    return []
  }
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null
  return typeof entry?.key === 'string' && typeof entry.version === 'string'
}

/** A cache that cannot be written costs time and nothing else, so that is no reason to stop. */
function writeEntries(file: string, entries: readonly Entry[]): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, JSON.stringify(entries), { mode: 0o600 })
    renameSync(temporary, file)
  } catch {
    return
  }
}
