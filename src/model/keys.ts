/** Who can open the backups, and whether that can be done here. */
export interface KeysShown {
  /** Public keys that new backups are encrypted to; empty where they are in the clear. */
  readonly recipients: readonly string[]
  readonly identity: {
    readonly file: string
    /** What it opens; in words why that cannot be told. */
    readonly recipients: readonly string[] | string
    readonly isOpenToOthers: boolean
    /** It opens what is written with the recipients in force. */
    readonly opensNew: boolean
  } | null
  /** Null where there is none. */
  readonly newest: {
    readonly id: string
    readonly recipients: readonly string[]
    /** Why it cannot be opened here; null where it can. */
    readonly sealed: string | null
  } | null
}
