/** Numbers in words for people: `1.2 GB`, `310 MB`, `14 kB`, `812 B`. Decimal units, as Docker prints them. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes)
  let unit = 0
  while (rounded(value) >= 1000 && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? String(Math.round(value)) : String(rounded(value))} ${byteUnits[unit]}`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** One decimal below ten, none above. */
function rounded(value: number): number {
  return value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)
}

/** How long something took or will take, from milliseconds: `310 ms`, `3.1 s`, `42 s`, `2 min 5 s`, `1 h 4 min`. */
export function formatDuration(milliseconds: number): string {
  const value = Math.max(0, milliseconds)
  if (value < 999.5) return `${Math.round(value)} ms`
  if (value < 9_950) return `${rounded(value / 1000)} s`
  const seconds = Math.round(value / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return withRest(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function withRest(count: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${restUnit}`
}

/** How long ago, from milliseconds: `just now`, `9 s ago`, `2 min ago`, `9 h ago`, `22 d ago`. Never in the future. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 5) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** The age of an ISO 8601 time; the time itself where it cannot be read. */
export function formatAgeOf(time: string, now: Date): string {
  const then = Date.parse(time)
  return Number.isNaN(then) ? time : formatAge(now.getTime() - then)
}

/** `14,210`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 volume`, `2 volumes`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`
}

/** `a`, `a and b`, `a, b and c`; of many the first ones and how many more. */
export function listed(items: readonly string[], most = 5): string {
  const shown = items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items
  const last = shown.at(-1) ?? ''
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`
}

/** Milliseconds of `500ms`, `10s`, `5m`, `6h`, `7d`, `2w` and sums such as `1h30m`; null for anything else. */
export function parseDuration(text: string): number | null {
  const compact = text.trim().replaceAll(/\s+/g, '')
  if (!/^(\d+(\.\d+)?(ms|s|min|m|h|d|w))+$/.test(compact)) return null
  let sum = 0
  for (const [, count = '', unit = ''] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h|d|w)/g)) {
    sum += Number(count) * (durationUnits[unit] ?? Number.NaN)
  }
  return Number.isFinite(sum) ? sum : null
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Bytes of `500MB`, `1.5 GB`, `20GiB`, `1024B`; null for anything else. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|[kKMGTP]i?B)$/.exec(text.trim())
  if (match === null) return null
  const [, count = '', unit = ''] = match
  const power = ' kmgtp'.indexOf((unit[0] ?? '').toLowerCase())
  const bytes = unit === 'B' ? Number(count) : Number(count) * (unit.includes('i') ? 1024 : 1000) ** power
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : null
}
