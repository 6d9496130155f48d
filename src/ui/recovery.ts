import { escapeName } from '../core/escape.ts'
import { formatAgeOf, plural } from '../core/format.ts'
import type { Recovery } from '../core/recovery.ts'
import type { Seen, ServerSaid, Situation } from '../core/recovery/situation.ts'
import { figuresWords } from '../core/figures.ts'
import type { VerifiedPart } from '../model/restore-point.ts'
import { columns } from './columns.ts'
import { quoted } from './words.ts'

/** What a look by `recover` shows. */
export interface RecoveryPage extends Recovery {
  readonly project: string
  readonly seen: Pick<Seen, 'servers' | 'points' | 'now'>
  readonly line: (words: readonly string[]) => readonly string[]
}

/** The situations, each with what proves it and the commands that lead out of it. */
export function recoveryPage(page: RecoveryPage): string {
  const { project, situations, writers, line } = page
  const name = escapeName(project)
  if (situations.length === 0) return text([`project ${name}: nothing wrong found`, ...wellLines(page)])
  const [count, verb] = [plural(situations.length, 'thing'), situations.length === 1 ? 'is' : 'are']
  return text([
    `project ${name}: ${count} ${verb} wrong; nothing was changed`,
    ...(writers.length === 0 ? [] : ['', `stop the writers first:  ${quoted(line(['stop', ...writers]))}`]),
    ...situations.flatMap(situation => ['', ...situationLines(situation, line)]),
  ])
}

function situationLines({ title, evidence, ways }: Situation, line: RecoveryPage['line']): readonly string[] {
  return [
    `✗ ${escapeName(title)}`,
    ...evidence.map(each => `    ${escapeName(each)}`),
    ...ways.flatMap(({ argv, does }) => [`  → ${quoted(line(argv))}`, `      ${escapeName(does)}`]),
  ]
}

function wellLines({ seen, line }: RecoveryPage): readonly string[] {
  const rows = seen.servers.map(said => [
    `${said.label === null || said.why !== null ? '?' : '✔'} ${escapeName(said.service)}`,
    escapeName(saidWords(said)),
  ])
  const newest = seen.points.find(({ state, manifest }) => state === 'good' && manifest.reason !== 'safety')
  return [
    ...(rows.length === 0 ? ['no database of it runs that could be asked'] : columns(rows, '   ')),
    newest === undefined
      ? `there is no restore point yet:  ${quoted(line(['backup']))}`
      : `newest good restore point: ${escapeName(newest.id)}, ${formatAgeOf(newest.manifest.finishedAt, seen.now)}`,
  ]
}

function saidWords(said: ServerSaid): string {
  const { label, why } = said
  if (label === null) return `could not be asked: ${why ?? ''}`
  if (why !== null) return `${label} answers, and could not be checked: ${why}`
  return `${label} answers: ${figuresWords(said.figures)}; its own check finds no damage`
}

/** What was seen after a way was taken. */
export function recoveredPage(parts: readonly VerifiedPart[]): string {
  return text(
    columns(
      parts.map(({ what, well, found }) => [`${well ? '✔' : '✗'} ${escapeName(what)}`, escapeName(found)]),
      '   ',
    ),
  )
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
