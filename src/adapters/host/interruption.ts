import type { EventEmitter } from 'node:events'
import { Stop } from '../../model/failure.ts'

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/**
 * Ctrl-C and its like before Compose runs: what is under way is given up and put back in order. After `handOver` the
 * signals are Compose's alone.
 */
export function watchInterruption(signals: EventEmitter): {
  readonly race: <T>(work: Promise<T>) => Promise<T>
  readonly check: () => void
  readonly handOver: () => void
} {
  let came: Signal | null = null
  const waiting = new Set<(error: Stop) => void>()
  const stopOf = (signal: Signal): Stop => new Stop({ reason: 'interrupted', signal })
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => {
    const listener = (): void => {
      came ??= signal
      for (const reject of waiting) reject(stopOf(came))
    }
    signals.on(signal, listener)
    return { signal, listener }
  })
  return {
    race: async work => {
      if (came !== null) {
        work.catch(() => {})
        throw stopOf(came)
      }
      let reject: (error: Stop) => void = () => {}
      const signalled = new Promise<never>((_, refuse) => {
        reject = refuse
      })
      waiting.add(reject)
      try {
        return await Promise.race([work, signalled])
      } catch (error) {
        // Ctrl-C reaches the children that copy as well: their failure is ours to be interrupted.
        work.catch(() => {})
        await new Promise(resolve => setImmediate(resolve))
        throw came === null ? error : stopOf(came)
      } finally {
        waiting.delete(reject)
      }
    },
    check: () => {
      if (came !== null) throw stopOf(came)
    },
    handOver: () => {
      for (const { signal, listener } of listeners) signals.off(signal, listener)
    },
  }
}
