import { escapeName } from '../core/escape.ts'
import { formatDuration, plural } from '../core/format.ts'
import type { DatabaseHealth, Health, HealthLine, HealthReport } from '../core/health.ts'
import { columns, displayWidth, padded } from './columns.ts'

const signs: Readonly<Record<HealthLine['health'], string>> = {
  well: '✔',
  degraded: '!',
  down: '✗',
  unknown: '?',
  noted: '·',
}

/** A block for each database, and how many are well at the end. */
export function healthTable({ project, databases, missing }: HealthReport): string {
  const lost = missing.map(
    service => `? critical names ${escapeName(service)}, which keeps no database in this project`,
  )
  if (databases.length === 0) return text([`project ${escapeName(project)} keeps no database`, ...lost])
  const heads = columns(databases.map(headOf), gap)
  const width = Math.max(...databases.flatMap(({ lines }) => lines.map(({ title }) => displayWidth(title))))
  const blocks = databases.flatMap(({ lines }, index) => [
    heads[index] ?? '',
    ...lines.map(line => rowOf(line, width)),
    '',
  ])
  return text([...blocks, ...lost, sumOf(databases, missing.length)])
}

const gap = '   '

function headOf({ service, label, status }: DatabaseHealth): readonly string[] {
  const uptime = status?.uptime ?? null
  const up = uptime === null ? '' : `, up ${formatDuration(uptime * 1000)}`
  return [escapeName(service), `${escapeName(label)}${up}`]
}

/** The titles are ours, the rest may be anybody's. */
function rowOf({ health, title, found }: HealthLine, width: number): string {
  return `  ${signs[health]} ${padded(title, width)}${gap}${escapeName(found)}`
}

function sumOf(databases: readonly DatabaseHealth[], missing: number): string {
  const count = (health: Health): number => databases.filter(database => database.health === health).length
  const unknown = count('unknown') + missing
  const counts = [
    [count('well'), 'well'],
    [count('degraded'), 'degraded'],
    [count('down'), 'down'],
    [unknown, 'unknown'],
  ] as const
  const some = counts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`)
  return `${plural(databases.length, 'database')}: ${some.join(', ')}`
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
