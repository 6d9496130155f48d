import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { createInterface } from 'node:readline'
import { watchPatience } from './patience.ts'
import type { Patience } from './patience.ts'
import { saysRetry } from './said.ts'

/** How a restic ended. */
export interface Ending {
  /** Null when a signal ended it, or it could not be started. */
  readonly code: number | null
  /** The last lines that it said on standard error. */
  readonly lines: readonly string[]
}

/** restic at work. */
export interface ResticProcess {
  /** Descriptor 3 of restic and of the command that it starts; null where none was asked for. */
  readonly input: Writable | null
  readonly output: Readable
  readonly ended: Promise<Ending>
  /** Settles when the command that restic starts has said this word: false when restic ends before. */
  readonly hears: (word: string) => Promise<boolean>
  /** Waits for something that restic must do, for as long as its patience says; then restic is ended. */
  readonly waitFor: <T>(work: Promise<T>) => Promise<T>
  /** Ends it, with the time to take its lock away. Settles when it has ended. */
  readonly kill: () => Promise<void>
}

export interface ProcessRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory?: string
  /** Whether it gets a descriptor 3 that is written to here. */
  readonly hasInput: boolean
  readonly patience: Patience
}

/** How long a restic may take to clear up after itself when it is ended. Milliseconds. */
const farewell = 5_000

/** Lines of standard error that are kept. */
const keptLines = 50

/** What it writes, each piece waited for. */
export async function* outputOf({ output, waitFor }: ResticProcess): AsyncGenerator<Buffer> {
  const chunks = output[Symbol.asyncIterator]()
  for (;;) {
    const next = await waitFor(chunks.next())
    if (next.done === true) return
    yield next.value as Buffer
  }
}

export function startProcess(request: ProcessRequest): ResticProcess {
  const child = spawn(request.program, [...request.args], {
    env: request.environment,
    ...(request.directory === undefined ? {} : { cwd: request.directory }),
    stdio: ['ignore', 'pipe', 'pipe', ...(request.hasInput ? (['pipe'] as const) : [])],
  })
  const lines: string[] = []
  const [, output, errors, input] = child.stdio as unknown as [null, Readable, Readable, Writable?]
  // A restic that ends early closes its input: that is told by its exit, not by EPIPE.
  input?.on('error', () => {})
  const heard = new EventEmitter()
  const listened = new Promise<void>(resolve => {
    createInterface({ input: errors })
      .on('line', line => {
        lines.push(line)
        if (lines.length > keptLines) lines.shift()
        if (saysRetry(line)) watch.retrying()
        heard.emit('line', line)
      })
      .once('close', resolve)
  })
  const ended = new Promise<Ending>(resolve => {
    child.once('error', error => {
      output.destroy()
      resolve({ code: null, lines: [error.message] })
    })
    child.once('close', code => void listened.then(() => resolve({ code, lines })))
  })
  const kill = async (): Promise<void> => {
    input?.destroy()
    output.destroy()
    child.kill('SIGTERM')
    const killing = setTimeout(() => child.kill('SIGKILL'), farewell)
    await ended
    clearTimeout(killing)
  }
  const hears = (word: string): Promise<boolean> =>
    new Promise(resolve => {
      const isIt = (line: string): boolean => line.startsWith('subprocess ') && line.endsWith(`: ${word}`)
      if (lines.some(isIt)) resolve(true)
      heard.on('line', (line: string) => isIt(line) && resolve(true))
      void ended.then(() => resolve(false))
    })
  const watch = watchPatience(request.patience, () => void kill())
  return { input: input ?? null, output, ended, hears, waitFor: watch.waitFor, kill }
}
