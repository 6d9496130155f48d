import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { localRepository, maskedStore } from '../../../core/store-location.ts'
import { Stop } from '../../../model/failure.ts'
import {
  howToGivePassword,
  isLockedOut,
  noRepositoryNamed,
  notInstalled,
  ResticFailure,
  tooOld,
  unusableRepository,
} from './failures.ts'
import { GaveUp, patienceForAnswers, patienceForStreams } from './patience.ts'
import type { Patience } from './patience.ts'
import { outputOf, startProcess } from './process.ts'
import type { Ending, ResticProcess } from './process.ts'
import { reasonForRetry, sentenceOf } from './said.ts'
import { isNewEnough, versionIn } from './version.ts'

/** A restic repository, and the program that works on it. */
export interface Repository {
  /** For people, passwords in it hidden: `restic:rest:https://user:***@backup.example/shop`. */
  readonly name: string
  /** Tells it from others in a folder's name; it gives nothing away. */
  readonly key: string
  /** Where it lies on this machine; null for one that lies elsewhere, or where only restic knows. */
  readonly folder: string | null
  /** Finds out whether the program is there and new enough. Throws `store-unusable`. */
  readonly ready: () => Promise<void>
  /**
   * Runs restic to its end and gives what it wrote. Takes stale locks away when it is locked out, and tries once more.
   * Throws `store-unusable` unless it ended with 0.
   */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<string>
  /**
   * As `run`, for what changes nothing. An answer stands for some seconds, unless this process has changed something
   * since: one command of ours looks several times.
   */
  readonly look: (args: readonly string[]) => Promise<string>
  /** Answers that were given before do not stand any more. */
  readonly lookAgain: () => void
  /** Starts restic and leaves the streams to the caller. */
  readonly start: (args: readonly string[], options?: { readonly hasInput: boolean }) => ResticProcess
  /** Takes away the locks of runs that are dead, and no others. */
  readonly unlock: () => Promise<void>
  /** Why a restic failed, from how it ended and what came of waiting for it. */
  readonly failureOf: (ending: Ending, reason?: unknown) => ResticFailure
}

export interface RunOptions {
  readonly directory?: string
  readonly patience?: Patience
  /** How often a lock of somebody who lives is waited for; absent: `waitsForLock`. */
  readonly waits?: number
  /** Sees each line of its output as it comes; the last one is the answer then. */
  readonly onLine?: (line: string) => void
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface RepositoryOptions {
  /** Empty: the one that restic's own variables name. */
  readonly repository: string
  readonly variables: Readonly<Record<string, string>>
  /** Instead of the built-in ones, for calls and for streams. */
  readonly patience?: Patience
}

/** How long restic itself waits for a lock that somebody holds who lives. */
export const waitForLock = ['--retry-lock', '10s'] as const

/** So often it waits, and before each time stale locks are taken away: who holds one may die meanwhile. */
export const waitsForLock = 6

/** Milliseconds. */
const answersStand = 10_000

/** Passwords and addresses go to restic by its environment, where only the same user can see them. */
export function openRepository(options: RepositoryOptions): Repository {
  const variables = withWholePaths(options.variables)
  const address = options.repository === '' ? (variables['RESTIC_REPOSITORY'] ?? '') : options.repository
  const file = variables['RESTIC_REPOSITORY_FILE'] ?? ''
  const name = `restic:${maskedStore(address)}`
  const environment = environmentFor(options.repository, variables)
  const secrets = secretVariables.flatMap(variable => variables[variable] ?? [])
  const failureOf = (ending: Ending, reason?: unknown): ResticFailure => {
    const sentence = sentenceOf(ending.lines, secrets)
    if (reason instanceof GaveUp) {
      const why = reasonForRetry(ending.lines, secrets) ?? sentence
      return new ResticFailure(null, why === '' ? reason.message : `${reason.message}: ${why}`)
    }
    return new ResticFailure(
      ending.code,
      sentence === '' ? `restic ended with ${ending.code ?? 'a signal'}` : sentence,
    )
  }
  const start: Repository['start'] = (args, { hasInput } = { hasInput: false }) => {
    if (hasInput) seen.clear()
    const restic = startProcess({
      program: 'restic',
      args,
      environment,
      hasInput,
      patience: options.patience ?? patienceForStreams,
    })
    if (hasInput) void restic.ended.then(() => seen.clear())
    return restic
  }
  const runOnce = async (args: readonly string[], more: RunOptions): Promise<string> => {
    const restic = startProcess({
      program: 'restic',
      args,
      environment,
      hasInput: false,
      patience: more.patience ?? options.patience ?? patienceForAnswers,
      ...(more.directory === undefined ? {} : { directory: more.directory }),
    })
    const stop = (): void => void restic.kill()
    more.signal?.addEventListener('abort', stop)
    try {
      const text = await (more.onLine === undefined ? readAll(restic) : readLines(restic, more.onLine))
      const ending = await restic.waitFor(restic.ended)
      if (ending.code === 0) return text
    } catch (error) {
      await restic.kill()
      throw failureOf(await restic.ended, error)
    } finally {
      more.signal?.removeEventListener('abort', stop)
    }
    throw failureOf(await restic.ended)
  }
  const unlock = async (): Promise<void> => void (await runOnce(['unlock'], {}))
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof ResticFailure ? unusableRepository(name, error) : error
    }
  }
  const ready = once(async () => {
    if (address === '' && file === '') throw noRepositoryNamed(name)
    refuseNoPassword(name, variables)
    const version = startProcess({
      program: 'restic',
      args: ['version'],
      environment,
      hasInput: false,
      patience: patienceForAnswers,
    })
    const text = await readAll(version).catch(() => '')
    const ending = await version.ended
    const found = versionIn(text)
    if (found === null) throw notInstalled(name, ending.lines.join(' ').trim() || 'it tells no version')
    if (!isNewEnough(found)) throw tooOld(name, found)
  })
  const run = async (args: readonly string[], more: RunOptions): Promise<string> => {
    await ready()
    return explained(async () => {
      for (let waits = 0; ; waits++)
        try {
          return await runOnce(waits === 0 ? args : [...args, ...waitForLock], more)
        } catch (error) {
          if (!isLockedOut(error) || waits === (more.waits ?? waitsForLock)) throw error
          await unlock()
        }
    })
  }
  const seen = new Map<string, { readonly at: number; readonly answer: Promise<string> }>()
  return {
    name,
    key: createHash('sha256')
      .update(address === '' ? `in ${file}` : address)
      .digest('hex')
      .slice(0, 16),
    folder: address === '' ? null : localRepository(address),
    ready,
    start,
    failureOf,
    run: (args, more = {}) => {
      seen.clear()
      return run(args, more).finally(() => seen.clear())
    },
    lookAgain: () => seen.clear(),
    look: args => {
      const key = args.join(' ')
      const before = seen.get(key)
      if (before !== undefined && Date.now() - before.at < answersStand) return before.answer
      const answer = run(args, {})
      seen.set(key, { at: Date.now(), answer })
      answer.catch(() => seen.delete(key))
      return answer
    },
    unlock: async () => {
      await ready()
      await explained(unlock)
    },
  }
}

/** restic is not always run where we are. */
function withWholePaths(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const whole: Record<string, string> = { ...variables }
  for (const name of fileVariables) {
    const path = whole[name] ?? ''
    if (path !== '') whole[name] = resolve(path)
  }
  const folder = localRepository(whole['RESTIC_REPOSITORY'] ?? '')
  if (folder !== null && folder !== '') whole['RESTIC_REPOSITORY'] = resolve(folder)
  return whole
}

const fileVariables = [
  'RESTIC_REPOSITORY_FILE',
  'RESTIC_PASSWORD_FILE',
  'RESTIC_CACHE_DIR',
  'RESTIC_CACERT',
  'RESTIC_TLS_CLIENT_CERT',
  'GOOGLE_APPLICATION_CREDENTIALS',
]

/** What must never be passed on in a message, should restic say it. */
const secretVariables = [
  'RESTIC_PASSWORD',
  'RESTIC_REST_PASSWORD',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'B2_ACCOUNT_KEY',
  'AZURE_ACCOUNT_KEY',
  'AZURE_ACCOUNT_SAS',
  'OS_PASSWORD',
]

function environmentFor(
  repository: string,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const common = { ...variables, LC_ALL: 'C', RESTIC_PROGRESS_FPS: '0.2' }
  if (repository === '') return common
  // restic takes one or the other, and no two.
  const { RESTIC_REPOSITORY_FILE: _, ...rest } = common as Record<string, string>
  return { ...rest, RESTIC_REPOSITORY: repository }
}

/** restic would ask at the terminal, in the middle of a command that is about something else. */
function refuseNoPassword(name: string, variables: Readonly<Record<string, string>>): void {
  const ways = ['RESTIC_PASSWORD', 'RESTIC_PASSWORD_FILE', 'RESTIC_PASSWORD_COMMAND']
  if (ways.some(way => (variables[way] ?? '') !== '')) return
  throw new Stop({
    reason: 'store-unusable',
    path: name,
    why: 'its password is not known: none of the variables for it is set',
    how: howToGivePassword,
  })
}

/** Gives back the last one. */
async function readLines(restic: ResticProcess, onLine: (line: string) => void): Promise<string> {
  let last = ''
  for await (const line of createInterface({ input: Readable.from(outputOf(restic)), crlfDelay: Infinity })) {
    if (line === '') continue
    onLine(line)
    last = line
  }
  return last
}

async function readAll(restic: ResticProcess): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of outputOf(restic)) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}
