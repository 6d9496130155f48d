import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes, formatDuration, plural } from '../core/format.ts'
import type { CommandReport, HoldingReport, ProjectReport, Report } from '../core/report.ts'
import type { Verdict } from '../model/decision.ts'
import type { Consistency } from '../model/restore-point.ts'
import { quoted } from './words.ts'

/** `23 Nov 2026, 20:15`: for a page that is read on another day. In UTC; the time itself where it cannot be read. */
export function dateOf(time: string): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const [, month = '', day = '', year = ''] = /^\w+, (\d+) (\w+) (\d+)/.exec(date.toUTCString()) ?? []
  return `${Number(month)} ${day} ${year}, ${date.toISOString().slice(11, 16)}`
}

/** `project shop`, or how many there are. */
export function whoseWords({ projects }: Report): string {
  const [only] = projects
  return projects.length === 1 && only !== undefined
    ? `project ${escapeName(only.name)}`
    : plural(projects.length, 'project')
}

/** `28 restore points, 9 GB, newest 2 h ago`. */
export function keptWords({ takenAt }: Report, { restorePoints }: ProjectReport): string {
  const { count, bytes, newest } = restorePoints
  if (count === 0) return 'no restore points'
  const age =
    newest === null ? 'none of them good' : `newest ${formatAgeOf(newest.finishedAt, new Date(takenAt))}`
  return `${plural(count, 'restore point')}, ${formatBytes(bytes)}, ${age}`
}

export const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: 'let through',
  warn: 'warned',
  'back-up': 'backed up first',
  ask: 'asked first',
  refuse: 'refused',
}

export const consistencyWords: Readonly<Record<Consistency, string>> = {
  cold: 'while nothing wrote',
  paused: 'while writers were paused',
  online: 'by the server itself',
  running: 'while in use',
  'crash-consistent': 'after a writer was killed',
}

/** `boots`, `read`, or nothing where it never was. */
export function proofWords({ verified }: HoldingReport): string {
  if (verified === null) return 'never'
  return verified.level === 'boot' ? 'boots' : 'read'
}

/** `1.1 GB → 1.2 GB in 14 d`, `38 MB, as 14 d before`; empty where there are not two sizes. */
export function growthWords({ growth }: HoldingReport): string {
  const [first] = growth
  const last = growth.at(-1)
  if (first === undefined || last === undefined || growth.length < 2) return ''
  const [before, after] = [formatBytes(first.bytes), formatBytes(last.bytes)]
  const took = spanOf(Date.parse(last.at) - Date.parse(first.at))
  return before === after ? `${after}, as ${took} before` : `${before} → ${after} in ${took}`
}

function spanOf(milliseconds: number): string {
  const days = Math.round(milliseconds / 86_400_000)
  return days < 3 ? formatDuration(milliseconds) : `${days} d`
}

export function commandWords({ argv }: CommandReport): string {
  return quoted(argv)
}

/** `undone 3 min ago`; null for what was not. */
export function undoneWords({ undoneAt }: CommandReport, { takenAt }: Report): string | null {
  return undoneAt === null ? null : `undone ${formatAgeOf(undoneAt, new Date(takenAt))}`
}
