/** A time as the engine writes it (any zone, nanoseconds), in UTC; null for none, which the engine writes as year 1. */
export function isoTime(text: string | undefined): string | null {
  if (text === undefined || text === '' || text.startsWith('0001-')) return null
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}
