import { formatBytes, formatDuration } from '../core/format.ts'
import type { Event } from '../model/event.ts'
import { cut, displayWidth } from './columns.ts'
import { nameOf } from './words.ts'

type Progress = Extract<Event, { type: 'progress' }>

const barCells = 16

/**
 * One line about a copy: what, how much, how fast, how long still. It fits into `width` cells: the label goes first,
 * then the bar, then the rest is cut.
 *
 * @param label what the holding is, such as `PostgreSQL 15`; empty where it is not known
 */
export function progressLine(progress: Progress, label: string, width: number): string {
  const fraction = fractionOf(progress)
  const parts = {
    name: `${progress.what.padEnd(10)}  ${nameOf(progress.holding)}`,
    label,
    size: sizeWords(progress, fraction),
    bar: fraction === null ? '' : bar(fraction),
    rest: restWords(progress, fraction),
  }
  const lines = [
    [parts.name, parts.label, parts.size, parts.bar, parts.rest],
    [parts.name, parts.size, parts.bar, parts.rest],
    [parts.name, parts.size, parts.rest],
  ].map(cells => cells.filter(cell => cell !== '').join('  '))
  const fitting = lines.find(line => displayWidth(line) <= width)
  return fitting ?? cut(lines.at(-1) ?? '', Math.max(1, width))
}

/** Of what is expected; estimates may be too small, so it ends at 99 % and only `copied` says that it is done. */
function fractionOf({ done, total }: Progress): number | null {
  return total === null || total <= 0 ? null : Math.min(0.99, done / total)
}

function sizeWords({ done, total }: Progress, fraction: number | null): string {
  return fraction === null || total === null ? formatBytes(done) : formatBytes(Math.max(total, done))
}

function bar(fraction: number): string {
  const full = Math.round(fraction * barCells)
  return '█'.repeat(full) + '░'.repeat(barCells - full)
}

function restWords({ done, total, rate }: Progress, fraction: number | null): string {
  const percent = fraction === null ? [] : [`${Math.floor(fraction * 100)}%`.padStart(3)]
  if (rate === null || rate <= 0) return percent.join('  ')
  const speed = `${formatBytes(rate)}/s`
  const left =
    fraction === null || total === null
      ? []
      : [`${formatDuration(Math.max(1, Math.ceil((total - done) / rate)) * 1000)} left`]
  return [...percent, speed, ...left].join('  ')
}
