import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes, formatCount } from '../core/format.ts'
import type { HoldingReport, ProjectReport, Report } from '../core/report.ts'
import { columns, cut } from './columns.ts'
import {
  commandWords,
  dateOf,
  growthWords,
  keptWords,
  proofWords,
  undoneWords,
  verdictWords,
  whoseWords,
} from './report-words.ts'

const gap = '  '

/** Cells of a name or a command line: the rest of the row must stay in sight. */
const widest = 60

/** The report as a short page of text: the verdict first, then each project. */
export function reportText(report: Report): string {
  const { verdict, projects, unseen } = report
  const lines = [
    `${whoseWords(report)}: ${verdict.sentence}`,
    ...unseen.map(text => `note: ${escapeName(text)}`),
    ...projects.flatMap(project => ['', ...projectLines(report, project)]),
    '',
    `${dateOf(report.takenAt)} UTC · store ${escapeName(report.store)}`,
  ]
  return `${lines.join('\n')}\n`
}

function projectLines(report: Report, project: ProjectReport): readonly string[] {
  const blocks = [
    headOf(report, project),
    dataLines(report, project),
    mendLines(project),
    goneLines(report, project),
    commandLines(report, project),
    project.leftOut.map(({ name, because }) => `left out: ${escapeName(name)} (${escapeName(because)})`),
  ].filter(block => block.length > 0)
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]))
}

/** With one project its name stands above already. */
function headOf(report: Report, project: ProjectReport): readonly string[] {
  if (report.projects.length === 1) return []
  return [`project ${escapeName(project.name)}: ${project.verdict.sentence}; ${keptWords(report, project)}`]
}

const dataHeads = ['  DATA', 'HOLDS', 'SIZE', 'LAST BACKUP', 'VERIFIED', 'COPIES', 'GREW']

function dataLines({ takenAt }: Report, { holdings }: ProjectReport): readonly string[] {
  const now = new Date(takenAt)
  if (holdings.length === 0) return []
  return columns([dataHeads, ...holdings.map(holding => dataCells(holding, now))], gap)
}

function dataCells(holding: HoldingReport, now: Date): readonly string[] {
  const { name, what, bytes, unprotected, restorePoint, verified, copies } = holding
  return [
    `${unprotected === null ? '✔' : '✗'} ${cut(escapeName(name), widest)}`,
    what === null ? '' : escapeName(what),
    bytes === null ? 'unknown' : formatBytes(bytes),
    restorePoint === null ? 'never' : ageOf(restorePoint.finishedAt, now),
    verified === null ? 'never' : `${proofWords(holding)}, ${ageOf(verified.at, now)}`,
    formatCount(copies),
    growthWords(holding),
  ]
}

function mendLines({ mends }: ProjectReport): readonly string[] {
  return mends.map(
    ({ weight, found, command }) =>
      `${weight === 'critical' ? '✗' : '!'} ${escapeName(found)}${command === null ? '' : `\n  → ${escapeName(command)}`}`,
  )
}

function goneLines({ takenAt }: Report, { gone }: ProjectReport): readonly string[] {
  const now = new Date(takenAt)
  const rows = gone.map(({ name, restorePoint, copies, command }) => [
    `  ${cut(escapeName(name), widest)}`,
    ageOf(restorePoint.finishedAt, now),
    formatCount(copies),
    escapeName(command ?? ''),
  ])
  return rows.length === 0
    ? []
    : columns([['  NO LONGER ON THE ENGINE', 'LAST BACKUP', 'COPIES', 'GET IT'], ...rows], gap)
}

function commandLines(report: Report, { commands }: ProjectReport): readonly string[] {
  const rows = commands.map(command => {
    const undone = undoneWords(command, report)
    return [
      `  ${cut(commandWords(command), widest)}`,
      ageOf(command.at, new Date(report.takenAt)),
      verdictWords[command.verdict],
      `${escapeName(command.outcome)}${undone === null ? '' : `, ${escapeName(undone)}`}`,
    ]
  })
  return rows.length === 0 ? [] : columns([['  COMMAND', 'WHEN', 'GUARD', 'CAME OF IT'], ...rows], gap)
}

/** A time that cannot be read is told as it stands. */
function ageOf(time: string, now: Date): string {
  return escapeName(formatAgeOf(time, now))
}
