/** How long restic may keep us waiting. Milliseconds. */
export interface Patience {
  /** For an answer, or for the next bytes to be taken or given. */
  readonly silence: number
  /** From the moment when restic says that it tries something again: by itself it goes on for a quarter of an hour. */
  readonly retries: number
}

/** For calls whose answer somebody waits for. */
export const patienceForAnswers: Patience = { silence: 120_000, retries: 20_000 }

/** For what takes as long as there is data: a server may be started anew in the middle of it. */
export const patienceForStreams: Patience = { silence: 600_000, retries: 120_000 }

/** For tidying up, which reads and writes much and says little. */
export const patienceForPrune: Patience = { silence: 3_600_000, retries: 120_000 }

export interface Watch {
  /** Waits for work of restic's; `giveUp` is called and the wait fails when it takes too long. */
  readonly waitFor: <T>(work: Promise<T>) => Promise<T>
  /** To be called when restic says that it tries something again. */
  readonly retrying: () => void
}

/** restic did not get on: `why` is said, and what it said itself stands elsewhere. */
export class GaveUp extends Error {}

/** Counts only the time in which something is waited for: a slow reader or writer at the other end is not restic's fault. */
export function watchPatience(patience: Patience, giveUp: () => void): Watch {
  let isRetrying = false
  let shorten: () => void = () => {}
  return {
    retrying: () => {
      if (isRetrying) return
      isRetrying = true
      shorten()
    },
    waitFor: async work => {
      let timer: NodeJS.Timeout | undefined
      const expired = new Promise<never>((_, reject) => {
        const arm = (limit: number): void => {
          clearTimeout(timer)
          timer = setTimeout(() => {
            reject(new GaveUp(`it did not get on for ${Math.ceil(limit / 1000)} s`))
            giveUp()
          }, limit)
        }
        arm(isRetrying ? patience.retries : patience.silence)
        shorten = () => arm(patience.retries)
      })
      try {
        const result = await Promise.race([work, expired])
        isRetrying = false
        return result
      } finally {
        clearTimeout(timer)
        shorten = () => {}
      }
    },
  }
}
