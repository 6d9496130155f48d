/**
 * A version as one comparable number: `2.40.3`, `v2.40.3`, `2.26.1-4` and `2.40.3-desktop.1` give 2040003 (or its
 * like). Null for what carries no such number (`dev`).
 */
export function versionNumber(text: string): number | null {
  const parts = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)
  if (parts === null) return null
  return Number(parts[1]) * 1_000_000 + Number(parts[2]) * 1_000 + Number(parts[3] ?? 0)
}

/** The span of a grammar entry; both ends belong to it, and null is open. */
export interface Span {
  readonly since: number | null
  readonly until: number | null
}

/** Whether `version` lies in the span. The version null stands for all versions at once, so it lies in every span. */
export function isIn(span: Span, version: number | null): boolean {
  if (version === null) return true
  return (span.since === null || version >= span.since) && (span.until === null || version <= span.until)
}
