/** A short line can mean any amount of work: functions that call each other twice, `x=$x$x`, braces beside braces. */
const most = 400_000

/** Thrown where a line costs more than anything that a person writes. */
export class TooMuchWork extends Error {}

/** What the reading of one line may cost, in about as many words as are handled. */
export class Work {
  #left = most

  spend(amount: number): void {
    this.#left -= amount
    if (this.#left < 0) throw new TooMuchWork('the line means more work than can be done for it')
  }
}
