import { spawn } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import type { ChildEnd, Runner } from '../../model/ports.ts'

/**
 * @param from.command what starts us: the program and its first words
 * @param from.signals where the signals of this process are heard
 */
export function openRunner(from: {
  readonly command: readonly [string, ...string[]]
  readonly signals: EventEmitter
}): Runner {
  const [program, ...first] = from.command
  return {
    start: (words, { directory, variables }) => {
      // In a group of its own: Ctrl-C is for us, who decide when it ends.
      const child = spawn(program, [...first, ...words], {
        cwd: directory,
        env: variables,
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      })
      const ended = new Promise<ChildEnd>((resolve, reject) => {
        child.on('error', reject)
        child.on('exit', (code, signal) =>
          resolve(signal === null ? { code: code ?? 1, signal: null } : { code: null, signal }),
        )
      })
      return { ended, end: () => void child.kill('SIGTERM') }
    },
    onEnd: listener => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) from.signals.on(signal, listener)
    },
    sleep: async (milliseconds, wake) => {
      let timer: NodeJS.Timeout | undefined
      const over = new Promise<void>(resolve => {
        timer = setTimeout(resolve, milliseconds)
      })
      await Promise.race([over, wake])
      clearTimeout(timer)
    },
  }
}
