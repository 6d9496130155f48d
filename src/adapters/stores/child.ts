import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { SlowPipe } from './slow-pipe.ts'

/** A program of the host at work. */
export interface Child {
  readonly process: ChildProcess
  /** Settles when it has ended and its streams are closed. Rejects with its own words unless it ended with 0. */
  readonly done: Promise<void>
  /** Ends it at once; settles when it has ended, however. */
  readonly kill: () => Promise<void>
}

export interface ChildExtras {
  /** Takes a line of standard error that is meant for us and not for people; true when it was one. */
  readonly takesLine?: (line: string) => boolean
  /** To be the child's standard error, where many lines are to come. */
  readonly errors?: SlowPipe | null
}

/**
 * Starts a program; standard error is kept for the failure. An output of another child as `stdin` joins the two
 * directly: what one writes the other reads, and nothing of it passes through this process.
 */
export function startChild(
  program: string,
  args: readonly string[],
  stdin: 'pipe' | 'ignore' | Readable,
  stdout: 'pipe' | 'ignore',
  { takesLine = () => false, errors = null }: ChildExtras = {},
): Child {
  const child = spawn('env', [...plainEnvironment, program, ...args], {
    stdio: [stdin, stdout, errors === null ? 'pipe' : errors.input.fd],
  })
  // Two readers of one pipe would each get a part.
  if (typeof stdin !== 'string') stdin.destroy()
  const lines = readLines(takesLine)
  child.stderr?.setEncoding('latin1').on('data', lines.take).once('end', lines.end)
  const listened = errors === null ? Promise.resolve() : listen(errors, lines)
  // A child that ends early closes its input: that is told by its exit, not by EPIPE.
  child.stdin?.on('error', () => {})
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', error => reject(new ChildFailure(`${program} cannot be run: ${error.message}`, false)))
    child.on('close', (code, signal) => {
      listened.then(() => {
        if (code === 0) return resolve()
        const message = `${nameOf(program)} ${ending(code, signal, lines.words())}`
        reject(new ChildFailure(message, signal === 'SIGPIPE' || code === zstdCannotWrite))
      }, reject)
    })
  })
  done.catch(() => {})
  listened.catch(() => {}) // Told by `done`, after the child has ended.
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await done.catch(() => {})
  }
  return { process: child, done, kill }
}

/** The lines of a child's standard error: those for us are handed over, of those for people the last 4 kB are kept. */
interface Lines {
  readonly take: (text: string) => void
  /** There may be a line without an end. */
  readonly end: () => void
  readonly words: () => string
}

function readLines(takesLine: (line: string) => boolean): Lines {
  let words = ''
  let begun = ''
  const add = (line: string): void => {
    if (!takesLine(line)) words = `${words}${line}\n`.slice(-4096)
  }
  return {
    take: text => {
      const lines = (begun + text).split('\n')
      begun = (lines.pop() ?? '').slice(-longestLine)
      for (const line of lines) add(line)
    },
    end: () => {
      if (begun !== '') add(begun)
      begun = ''
    },
    // Bytes until here: a piece may end in the middle of a letter.
    words: () => Buffer.from(words, 'latin1').toString('utf8'),
  }
}

/** A path of the longest, each byte of it escaped, and more. */
const longestLine = 1 << 16

/** The pipe ends when the child that has it does. */
async function listen(errors: SlowPipe, lines: Lines): Promise<void> {
  await errors.input.close()
  for await (const chunk of errors.read()) lines.take(chunk.toString('latin1'))
  lines.end()
}

/** Where the reader goes away with something unread, there is no SIGPIPE but an error: zstd ends with this one. */
const zstdCannotWrite = 70

/** English words, and no options smuggled in through the environment. */
const plainEnvironment = [
  '-u',
  'TAR_OPTIONS',
  '-u',
  'TAPE',
  '-u',
  'POSIXLY_CORRECT',
  '-u',
  'ZSTD_CLEVEL',
  '-u',
  'ZSTD_NBTHREADS',
  'LC_ALL=C',
] as const

/** The output of a child that was started with one. */
export function outputOf(child: Child): Readable {
  const { stdout } = child.process
  if (stdout === null) throw new Error('Internal error: a child without an output')
  return stdout
}

/** The input of a child that was started with one. */
export function inputOf(child: Child): Writable {
  const { stdin } = child.process
  if (stdin === null) throw new Error('Internal error: a child without an input')
  return stdin
}

/**
 * Gives a stream to a child and waits until both have ended well. A child that has read everything may be gone before
 * its input is known to be closed: that is no failure.
 */
export async function feed(source: Readable, child: Child): Promise<void> {
  let given = false
  source.once('end', () => {
    given = true
  })
  const [feeding, ending] = await Promise.allSettled([pipeline(source, inputOf(child)), child.done])
  if (ending.status === 'rejected' && !isEcho(ending.reason)) throw ending.reason
  if (feeding.status === 'rejected' && !(given && isEcho(feeding.reason))) throw feeding.reason
  if (ending.status === 'rejected') throw ending.reason
}

/**
 * Waits for everything that works together, given from the last reader to the first writer, and rejects with the reason
 * that explains the others: a program that died because its reader did comes last.
 */
export async function allWell(works: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(works)
  const reasons = ends.flatMap(end => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (reasons.length > 0) throw reasons.find(reason => !isEcho(reason)) ?? reasons[0]
}

/** Whether an error only says that the other end of a pipe went away. */
export function isEcho(reason: unknown): boolean {
  if (reason instanceof ChildFailure) return reason.isEcho
  return echoes.has((reason as NodeJS.ErrnoException | null)?.code)
}

/** What a stream says when the one that it is joined to failed. */
const echoes: ReadonlySet<string | undefined> = new Set([
  'EPIPE',
  'ECANCELED',
  'ECONNRESET',
  'ABORT_ERR',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
])

class ChildFailure extends Error {
  /** It ended because its reader did. */
  readonly isEcho: boolean

  constructor(message: string, echo: boolean) {
    super(message)
    this.name = 'ChildFailure'
    this.isEcho = echo
  }
}

function ending(code: number | null, signal: NodeJS.Signals | null, words: string): string {
  const said = words.trim()
  return `ended with ${signal ?? code}${said === '' ? '' : `: ${said}`}`
}

function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1)
}
