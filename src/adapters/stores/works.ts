/** The works of a draft: once it is given up none is begun, and those under way are waited for. */
export interface Works {
  readonly signal: AbortSignal
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
  /** Settles when none is under way any more. */
  readonly giveUp: () => Promise<void>
}

export function openWorks(): Works {
  const underWay = new Set<Promise<unknown>>()
  const givenUp = new AbortController()
  return {
    signal: givenUp.signal,
    run: work => {
      givenUp.signal.throwIfAborted()
      const working = work()
      underWay.add(working)
      return working
    },
    giveUp: async () => {
      givenUp.abort(new Error('given up'))
      await Promise.allSettled(underWay)
    },
  }
}
