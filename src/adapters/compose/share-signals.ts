import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { isatty } from 'node:tty'
import type { OwnProcess } from './own-process.ts'

/** Signals that would end us while Compose still works. Stopping, continuing and window sizes need no help. */
const shared: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']

/** Milliseconds after which a lookout is posted: short commands are over by then and pay nothing. */
const quickCommand = 100

/** Milliseconds in which a lookout that got the same signal is seen to be gone. */
const patience = 100

/**
 * Sees to it that a signal reaches the child exactly once. What goes to the whole process group (Ctrl-C, a closed
 * terminal, `kill -- -GROUP`, a service manager) has reached the child already; what goes to us alone is handed on.
 * A second signal makes Compose kill containers that are still stopping, so neither guess will do: a lookout, a
 * process of ours that does nothing, dies of what goes to all and lives on when only we were meant.
 *
 */
export function shareSignals(child: ChildProcess, own: OwnProcess): SharedSignals {
  const received = new Set<NodeJS.Signals>()
  let lookout: Lookout | null = null
  const post = (): void => {
    lookout = postLookout()
  }
  const timer = setTimeout(post, quickCommand)
  const listeners = shared.map(signal => {
    const listener = (): void => {
      received.add(signal)
      const asked = lookout
      void (asked === null ? fromTerminal(signal) : asked.isGoneSoon()).then(reachedAll => {
        if (reachedAll && asked !== null && asked === lookout) post()
        if (!reachedAll) child.kill(signal)
      })
    }
    own.on(signal, listener)
    return { signal, listener }
  })
  return {
    received,
    end: () => {
      clearTimeout(timer)
      for (const { signal, listener } of listeners) own.off(signal, listener)
      lookout?.dismiss()
    },
  }
}

export interface SharedSignals {
  /** Those that came to us, alone or with the child. */
  readonly received: ReadonlySet<NodeJS.Signals>
  readonly end: () => void
}

interface Lookout {
  readonly isGoneSoon: () => Promise<boolean>
  readonly dismiss: () => void
}

/** A `cat` that waits for our end of a pipe, so that it cannot outlive us. Null where there is no such program. */
function postLookout(): Lookout {
  const cat = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] })
  const gone = new Promise<'gone'>(resolve => {
    cat.once('exit', () => resolve('gone'))
  })
  // Without a `cat` every signal is taken for ours alone, unless a terminal sends it.
  let missing = false
  cat.once('error', () => {
    missing = true
  })
  cat.stdin.on('error', () => {})
  cat.unref()
  return {
    isGoneSoon: async () => {
      if (missing) return fromTerminal('SIGINT')
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>(resolve => {
        timer = setTimeout(resolve, patience, 'late')
      })
      const first = await Promise.race([gone, late])
      clearTimeout(timer)
      return first === 'gone'
    },
    dismiss: () => {
      cat.kill('SIGKILL')
    },
  }
}

/** Before a lookout is posted: what a terminal sends, it sends to all. */
function fromTerminal(signal: NodeJS.Signals): Promise<boolean> {
  const sentByTerminals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP']
  return Promise.resolve(sentByTerminals.includes(signal) && [0, 1, 2].some(fd => isatty(fd)))
}
