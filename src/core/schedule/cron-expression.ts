/** The moments that five fields of cron name, each field as its values in order; null where every value counts. */
export interface CronFields {
  readonly minutes: readonly number[] | null
  readonly hours: readonly number[] | null
  /** Of the month. Where days and weekdays are both limited, either is enough. */
  readonly days: readonly number[] | null
  readonly months: readonly number[] | null
  /** 0 is Sunday. */
  readonly weekdays: readonly number[] | null
}

interface FieldKind {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly names?: readonly string[]
}

const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const fieldKinds = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: monthNames },
  { name: 'day of the week', from: 0, to: 7, names: weekdayNames },
] as const satisfies readonly FieldKind[]

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
}

/** Reads five fields of cron (`30 2 * * mon-fri`) or one of its nicknames; in words what is wrong with them. */
export function readCronExpression(text: string): CronFields | { readonly wrong: string } {
  const words = (nicknames[text.trim().toLowerCase()] ?? text).trim().split(/\s+/)
  if (words.length !== fieldKinds.length) return { wrong: `it has ${words.length} of 5 fields` }
  const fields = fieldKinds.map((kind, index) => readField(words[index] ?? '', kind))
  const bad = fieldKinds.findIndex((_, index) => fields[index] === 'wrong')
  if (bad >= 0) return { wrong: `${words[bad]} is no ${fieldKinds[bad]?.name}` }
  const [minutes, hours, days, months, weekdays] = fields.map(field =>
    field === 'wrong' ? null : (field ?? null),
  )
  return {
    minutes: minutes ?? null,
    hours: hours ?? null,
    days: days ?? null,
    months: months ?? null,
    weekdays: weekdays ?? null,
  }
}

function readField(word: string, kind: FieldKind): readonly number[] | null | 'wrong' {
  const values = new Set<number>()
  for (const part of word.split(',')) {
    const range = readRange(part, kind)
    if (range === null) return 'wrong'
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  const isWeekday = kind.to === 7
  const plain = [...new Set([...values].map(value => (isWeekday ? value % 7 : value)))].toSorted(
    (a, b) => a - b,
  )
  const all = isWeekday ? 7 : kind.to - kind.from + 1
  return plain.length === all ? null : plain
}

/** `*`, `5`, `1-5`, each with a step behind `/`; a number with a step goes on to the end. */
function readRange(
  part: string,
  kind: FieldKind,
): { readonly from: number; readonly to: number; readonly step: number } | null {
  const [, range = '', stepText] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? []
  const step = stepText === undefined ? 1 : Number(stepText)
  if (range === '' || step === 0) return null
  if (range === '*') return { from: kind.from, to: kind.to === 7 ? 6 : kind.to, step }
  const [first = '', last, more] = range.split('-')
  const from = readValue(first, kind)
  const to = last === undefined ? (stepText === undefined ? from : kind.to) : readValue(last, kind)
  if (from === null || to === null || more !== undefined || to < from) return null
  return { from, to, step }
}

function readValue(word: string, { from, to, names }: FieldKind): number | null {
  const named = names?.indexOf(word.toLowerCase()) ?? -1
  if (named >= 0) return named + from
  if (!/^\d{1,2}$/.test(word)) return null
  const value = Number(word)
  return value >= from && value <= to ? value : null
}

/** The same moments, written so that everything that reads cron understands them alike. */
export function cronExpression({ minutes, hours, days, months, weekdays }: CronFields): string {
  return [minutes, hours, days, months, weekdays].map(field => field?.join(',') ?? '*').join(' ')
}

/** The same moments as calendar events of systemd: one, or two where either of two kinds of days is enough. */
export function calendarEvents({ minutes, hours, days, months, weekdays }: CronFields): readonly string[] {
  const time = `${twoDigits(hours)}:${twoDigits(minutes)}:00`
  const month = twoDigits(months)
  const onDays = `*-${month}-${twoDigits(days)} ${time}`
  if (weekdays === null) return [onDays]
  const names = weekdays.map(day => capital(weekdayNames[day] ?? '')).join(',')
  const onWeekdays = `${names} *-${month}-* ${time}`
  return days === null ? [onWeekdays] : [onDays, onWeekdays]
}

function twoDigits(field: readonly number[] | null): string {
  return field?.map(value => String(value).padStart(2, '0')).join(',') ?? '*'
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
