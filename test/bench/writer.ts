import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Command } from './measure.ts'

/** A client that writes one statement after the other. */
export interface Writer {
  /** Ends it; the longest that a statement took, in milliseconds. */
  readonly stop: () => Promise<number>
}

/**
 * Starts a client that answers each statement on its input with one line, and gives it the next one as soon as it has:
 * the longest of them is how long the database held up who writes. Settles when the first was answered.
 */
export async function startWriting(
  { program, words, variables, directory }: Command,
  statement: (number: number) => string,
): Promise<Writer> {
  const client = spawn(program, [...words], { cwd: directory, env: { ...variables } })
  let complaint = ''
  client.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  client.stdin.on('error', () => {}) // How it ended tells why.
  let [longest, number, asked, stopping] = [0, 0, 0, false]
  const next = (): void => {
    asked = performance.now()
    client.stdin.write(`${statement(number++)}\n`)
  }
  const ended = new Promise<number>((resolve, reject) => {
    client.once('error', reject)
    client.once('close', code => {
      if (stopping) resolve(longest)
      else reject(new Error(`a writer ended with ${code}: ${complaint.slice(-1000)}`))
    })
  })
  ended.catch(() => {}) // Looked at when it is stopped.
  const begun = new Promise<void>(resolve => {
    createInterface({ input: client.stdout }).on('line', () => {
      // The first one waits for the client to start.
      if (number > 1) longest = Math.max(longest, performance.now() - asked)
      resolve()
      if (stopping) client.stdin.end()
      else next()
    })
  })
  next()
  await Promise.race([begun, ended])
  return {
    stop: () => {
      stopping = true
      return ended
    },
  }
}
