/** Why a notice did not arrive. The message holds no secret. */
export class Undelivered extends Error {
  /** Whether it may arrive a moment later. */
  readonly transient: boolean
  /** Milliseconds for which the other side wants to be left alone; null where it does not say. */
  readonly after: number | null

  constructor(message: string, how: { readonly transient: boolean; readonly after?: number | null }) {
    super(message)
    this.name = 'Undelivered'
    this.transient = how.transient
    this.after = how.after ?? null
  }
}
