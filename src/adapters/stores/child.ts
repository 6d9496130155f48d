import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'

/** A child whose end is awaited: rejects with its own words when it fails. */
export interface Child {
  readonly process: ChildProcess
  /** Settles when the child has ended and its streams are closed. */
  readonly done: Promise<void>
  /** What it printed on standard error, its last 4 kB. */
  readonly words: () => string
  readonly kill: () => void
}

/** Starts a program with the given streams; standard error is kept for the failure. */
export function startChild(
  program: string,
  args: readonly string[],
  stdio: readonly [stdin: 'pipe' | 'ignore', stdout: 'pipe' | 'ignore'],
  options: SpawnOptions = {},
): Child {
  const child = spawn(program, [...args], { ...options, stdio: [...stdio, 'pipe'] })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4096)
  })
  // A child that ends early closes its input: that is told by its exit, not by EPIPE.
  child.stdin?.on('error', () => {})
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', error => reject(new Error(`${program} cannot be run: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else
        reject(new Error(`${nameOf(program)} ended with ${signal ?? code}: ${words.trim() || 'no message'}`))
    })
  })
  done.catch(() => {})
  return { process: child, done, words: () => words, kill: () => child.kill('SIGKILL') }
}

function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1)
}
