import type { Readable } from 'node:stream'

/** What is needed of the running process; `process` is one. Handed in, so that nothing here reaches for the global. */
export interface OwnProcess {
  readonly pid: number
  readonly on: (signal: NodeJS.Signals, listener: () => void) => unknown
  readonly off: (signal: NodeJS.Signals, listener: () => void) => unknown
  readonly removeAllListeners: (signal: NodeJS.Signals) => unknown
  readonly kill: (pid: number, signal: NodeJS.Signals) => unknown
  readonly exit: (code: number) => never
  /** Replaces the process by another program (Node 22 and later, POSIX). */
  readonly execve?: (
    file: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
  ) => never
}

/** Environment variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Everything that a stream gives until its end. For output of Compose, which itself holds it in memory. */
export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
