import { escapeName } from '../core/escape.ts'
import { figuresWords } from '../core/figures.ts'
import { nameOfRepair } from '../core/recovery/repair.ts'
import type { RepairOutcome, RepairShown } from '../core/recovery/repair.ts'
import { unreachable } from '../model/failure.ts'
import { columns } from './columns.ts'
import { quoted } from './words.ts'

/** What was found, done and lost, whether it is well then, and the command that goes on from there. */
export function repairPage(page: RepairShown): string {
  const { service, kind, volume, outcome, saved } = page
  const [name, where] = [escapeName(service), escapeName(volume)]
  if (outcome === null)
    return `✔ ${name}: its own check finds no damage in ${where}; there is nothing to repair\n`
  const of = outcome.on === 'copy' ? `tried on a copy of ${where}` : `done to ${where}`
  const label = outcome.label === null ? '' : ` (${escapeName(outcome.label)})`
  const lines = [
    `${name}: ${nameOfRepair(kind, outcome.label)}, ${of}${label}`,
    ...columns(factRows(outcome), '   ').map(line => `  ${line}`),
    ...verdictLines(outcome, where),
    ...(saved === null ? [] : [`  what stood there before is in restore point ${escapeName(saved)}`]),
    ...nextLines(page),
  ]
  return `${lines.join('\n')}\n`
}

/** How many lines of a kind are shown. */
const most = 8

function factRows(outcome: RepairOutcome): readonly (readonly string[])[] {
  const nothing =
    outcome.asBefore === true ? 'nothing: as much is in it as before' : 'nothing that it tells of'
  const isUp = outcome.label !== null
  return [
    ...rows('found', outcome.found, 'nothing that its own check knows'),
    ...rows('done', outcome.done, 'nothing'),
    ...(isUp || outcome.lost.length > 0 ? rows('lost', outcome.lost, nothing) : []),
  ]
}

function rows(what: string, lines: readonly string[], none: string): readonly (readonly string[])[] {
  const more = lines.length > most ? [`and ${lines.length - most} more`] : []
  const shown = lines.length === 0 ? [none] : [...lines.slice(0, most), ...more]
  return shown.map((line, index) => [index === 0 ? what : '', escapeName(line)])
}

function verdictLines({ on, well, left, figures, against }: RepairOutcome, where: string): readonly string[] {
  const there = on === 'copy' ? 'the copy' : where
  if (!well) {
    const more = left.length > most ? [`    and ${left.length - most} more`] : []
    return [
      `✗ ${there} is not well afterwards:`,
      ...left.slice(0, most).map(line => `    ${escapeName(line)}`),
      ...more,
    ]
  }
  return [
    `✔ ${there} is well afterwards: its own check finds no damage; ${figuresWords(figures)}`,
    ...(against === null ? [] : [`  ${escapeName(against)}`]),
  ]
}

function nextLines({ next, volume, line }: RepairShown): readonly string[] {
  const where = escapeName(volume)
  switch (next.kind) {
    case 'none':
      return []
    case 'apply':
      return [`nothing was changed; to do the same to ${where}:`, `  → ${quoted(line(next.argv))}`]
    case 'ways':
      return [
        next.ways.length === 0
          ? 'nothing was changed; no restore point holds its data'
          : `nothing was changed; the next way is to put ${where} back:`,
        ...next.ways.flatMap(({ argv, does }) => [`  → ${quoted(line(argv))}`, `      ${escapeName(does)}`]),
      ]
    case 'done':
      return [
        ...(next.start === null ? [] : [`start it now:  ${quoted(line(next.start))}`]),
        `take it back:  ${quoted(line(next.takeBack))}`,
      ]
    default:
      return unreachable(next)
  }
}
