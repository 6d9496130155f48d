/** Something that happened while nobody was looking, told to whoever is on duty. */
export interface Notice {
  /**
   * - `failed`: it did not do what it was for
   * - `succeeded`: it did; told only to those who asked for it
   * - `recovered`: the first success after a failure
   * - `stale`: there has been no good restore point for longer than is allowed
   */
  readonly kind: 'failed' | 'succeeded' | 'recovered' | 'stale'
  readonly job: 'backup' | 'verify' | 'prune' | 'copy'
  /** Null where it concerns the whole host. */
  readonly project: string | null
  readonly host: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** One sentence, for a phone's lock screen: `backup of shop failed: no space left on /var/backups`. */
  readonly summary: string
  /** What else is worth knowing, a line each; the last one says what to do about it. */
  readonly details: readonly string[]
  readonly restorePoint: string | null
}
