import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'
import { onTestFinished } from 'vitest'

/** A program on a terminal of its own, as a person sees and types at it. */
export interface Terminal {
  /** Everything printed so far, without colours and cursor movements. */
  readonly screen: () => string
  /** Waits until the text was printed after the last wait; fails with the screen when it does not come. */
  readonly sees: (text: string | RegExp, seconds?: number) => Promise<void>
  readonly types: (keys: string) => void
  readonly ended: Promise<{ readonly code: number; readonly signal: number }>
}

export const keys = {
  enter: '\r',
  down: '\u001B[B',
  up: '\u001B[A',
  ctrlC: '\u0003',
  ctrlZ: '\u001A',
} as const

/** Runs a program on a terminal of 120 columns. It is killed with the test. */
export function onTerminal(
  program: string,
  words: readonly string[],
  options: { readonly directory: string; readonly variables: Readonly<Record<string, string>> },
): Terminal {
  const pty = spawn(program, [...words], {
    cols: 120,
    rows: 40,
    cwd: options.directory,
    env: { ...options.variables, TERM: 'xterm-256color' },
  })
  let printed = ''
  let seenUpTo = 0
  pty.onData(text => {
    printed += text
  })
  const ended = new Promise<{ code: number; signal: number }>(resolve => {
    pty.onExit(({ exitCode, signal }) => resolve({ code: exitCode, signal: signal ?? 0 }))
  })
  onTestFinished(() => {
    try {
      pty.kill('SIGKILL')
    } catch {
      // It has ended already.
    }
  })
  const screen = (): string => stripVTControlCharacters(printed)
  return {
    screen,
    sees: async (text, seconds = 30) => {
      const deadline = Date.now() + seconds * 1000
      while (Date.now() < deadline) {
        const fresh = screen().slice(seenUpTo)
        const at = typeof text === 'string' ? fresh.indexOf(text) : fresh.search(text)
        if (at >= 0) {
          seenUpTo += at + 1
          return
        }
        await new Promise(resolve => setTimeout(resolve, 50))
      }
      throw new Error(`not seen within ${seconds} s: ${String(text)}\n--- the screen:\n${screen()}`)
    },
    types: text => pty.write(text),
    ended,
  }
}
