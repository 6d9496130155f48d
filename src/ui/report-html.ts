import { formatAgeOf, formatBytes, formatCount, formatDuration } from '../core/format.ts'
import { limits } from '../core/health.ts'
import type { CommandReport, GoneReport, HoldingReport, Mend, ProjectReport, Report } from '../core/report.ts'
import { markup } from './markup.ts'
import type { Markup } from './markup.ts'
import { growthPlot } from './report-plot.ts'
import { reportStyle } from './report-style.ts'
import {
  commandWords,
  consistencyWords,
  dateOf,
  growthWords,
  keptWords,
  proofWords,
  undoneWords,
  verdictWords,
  whoseWords,
} from './report-words.ts'

/** What every report of ours has near its beginning, and nothing else has. */
export const reportMark = '<meta name="generator" content="safe-compose report"/>'

/** Ours as they stand here. */
const mark: Markup = { html: reportMark }
const style: Markup = { html: reportStyle }

/**
 * The report as one file: nothing in it is fetched, nothing in it runs. It is well-formed XML as well as HTML, so that a
 * strict parser can prove that every tag is closed.
 */
export function reportHtml(report: Report): string {
  const title = sentenceCase(`${whoseWords(report)}: ${report.verdict.sentence}`)
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
${mark}
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="robots" content="noindex"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${header(report)}
<main>
${report.projects.length > 1 ? overview(report) : null}${report.projects.map((project, index) => projectSection(report, project, index))}</main>
${footer(report)}
</body>
</html>
`
  return page.html
}

function footer({ takenAt, store, engine, version }: Report): Markup {
  const seen = engine === null ? '' : ` Docker Engine ${engine.version} at ${engine.host}.`
  return markup`<footer>
<p>All times are UTC; ages are as of ${dateOf(takenAt)}. Restore points lie in <code>${store}</code>.${seen}</p>
<p>Protected means that a good restore point of the last ${formatDuration(limits.restorePoint)} holds it. Verified: “boots”
means that its databases were started on a copy and counted, “read” that every file was read to its end.</p>
<p>Written by safe-compose ${version}.</p>
</footer>`
}

function time(at: string): Markup {
  return markup`<time datetime="${at}">${dateOf(at)}</time>`
}

/** `2 h ago`, below its date. */
function dated({ takenAt }: Report, at: string): Markup {
  return markup`${time(at)}<small>${formatAgeOf(at, new Date(takenAt))}</small>`
}

// ---- The verdict -------------------------------------------------------------------------------------------------

function header(report: Report): Markup {
  const { verdict, takenAt, unseen, projects } = report
  return markup`<header>
<p class="eyebrow">${sentenceCase(whoseWords(report))} · ${time(takenAt)} UTC</p>
<h1>${sentenceCase(verdict.sentence)}</h1>
${tally(verdict.protected, verdict.all)}${unprotectedLine(projects)}${unseen.map(text => markup`<p class="note">${text}</p>\n`)}</header>`
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** More squares than this say nothing any more. */
const squaresAtMost = 40

/** A square for each piece of data; what is not protected is hollow. The sentence above says the same. */
function tally(well: number, all: number): Markup | null {
  if (all < 2 || all > squaresAtMost) return null
  const squares = Array.from({ length: all }, (_, index) =>
    index < well
      ? markup`<rect class="is-well" x="${index * 20}" y="0" width="14" height="14" rx="3"/>`
      : markup`<rect class="is-bad" x="${index * 20 + 1}" y="1" width="12" height="12" rx="2"/>`,
  )
  const width = all * 20
  return markup`<svg class="tally" width="${width}" height="14" viewBox="0 0 ${width} 14" aria-hidden="true">${squares}</svg>\n`
}

/** Names on top of the page; all of them stand below. */
const namedAtMost = 6

function unprotectedLine(projects: readonly ProjectReport[]): Markup | null {
  const all = projects.flatMap(({ holdings }) => holdings.filter(({ unprotected }) => unprotected !== null))
  if (all.length === 0) return null
  const named = all.slice(0, namedAtMost).map(({ name, unprotected }, index) => {
    return markup`${index > 0 ? ', ' : null}<b>${name}</b> (${unprotected})`
  })
  const more = all.length > namedAtMost ? ` and ${all.length - namedAtMost} more` : null
  return markup`<p><span class="bad">${formatCount(all.length)} not:</span> ${named}${more}</p>\n`
}

// ---- Projects ----------------------------------------------------------------------------------------------------

function overview(report: Report): Markup {
  const rows = report.projects.map(({ name, verdict, restorePoints }, index) => {
    const { newest, count, bytes } = restorePoints
    const isWell = verdict.protected === verdict.all
    return row([
      ['Project', 'name', markup`<a href="#project-${index + 1}">${name}</a>`],
      verdict.all === 0
        ? ['Protected', '', markup`no data`]
        : [
            'Protected',
            isWell ? 'well' : 'bad',
            markup`${sign(isWell)} ${verdict.protected} of ${verdict.all}`,
          ],
      ['Newest good', '', newest === null ? markup`none` : dated(report, newest.finishedAt)],
      ['Restore points', 'number', markup`${formatCount(count)}`],
      ['Bytes kept', 'number', markup`${formatBytes(bytes)}`],
    ])
  })
  return table('Projects', ['Project', 'Protected', 'Newest good', 'Restore points', 'Bytes kept'], rows)
}

function projectSection(report: Report, project: ProjectReport, index: number): Markup {
  const { name, verdict, directory, holdings, leftOut, gone, mends, commands } = project
  const facts = [
    ...(report.projects.length > 1 ? [markup`${verdict.sentence}`] : []),
    ...(directory === null ? [] : [markup`in <code>${directory}</code>`]),
    markup`${keptWords(report, project)}`,
  ]
  const copied = holdings.filter(({ restorePoint }) => restorePoint !== null)
  return markup`<section aria-labelledby="project-${index + 1}">
<h2 id="project-${index + 1}">${name}</h2>
<p class="quiet">${facts.map((fact, at) => markup`${at > 0 ? ' · ' : null}${fact}`)}</p>
${mends.length > 0 ? mendList(mends) : null}${holdings.length > 0 ? dataTable(report, holdings) : null}${leftOut.length > 0 ? leftOutList(leftOut) : null}${gone.length > 0 ? goneTable(report, gone) : null}${commands.length > 0 ? commandTable(report, commands) : null}${copied.length > 0 ? whereList(copied) : null}</section>
`
}

function mendList(mends: readonly Mend[]): Markup {
  const items = mends.map(({ weight, found, command }) => {
    const typed = command === null ? null : markup`<code>${command}</code>`
    return markup`<li class="${weight === 'critical' ? 'is-bad' : 'is-warning'}">${found}${typed}</li>\n`
  })
  return part('To do', markup`<ul class="plain mends">\n${items}</ul>`)
}

function dataTable(report: Report, holdings: readonly HoldingReport[]): Markup {
  const heads = ['Data', 'Holds', 'State', 'Last backed up', 'Verified', 'Copies', 'Growth']
  const rows = holdings.map(holding => dataRow(report, holding))
  return table('Data', heads, rows)
}

function dataRow(report: Report, holding: HoldingReport): Markup {
  const { name, usedBy, unprotected, copies, growth } = holding
  const words = growthWords(holding)
  const by = usedBy.length === 0 ? 'used by nobody' : `used by ${usedBy.join(', ')}`
  return row([
    ['Data', 'name', markup`${name}<small>${by}</small>`],
    ['Holds', 'names', holdsCell(report, holding)],
    unprotected === null
      ? ['State', 'well', markup`${sign(true)} protected`]
      : ['State', 'bad', markup`${sign(false)} not protected<small>${unprotected}</small>`],
    ['Last backed up', '', backedUpCell(report, holding)],
    ['Verified', 'brief', verifiedCell(report, holding)],
    ['Copies', 'number', markup`${formatCount(copies)}`],
    words === ''
      ? ['Growth', 'empty', markup``]
      : ['Growth', '', markup`${growthPlot(growth, words)}<small>${words}</small>`],
  ])
}

function holdsCell({ takenAt }: Report, { what, bytes, lastWrite }: HoldingReport): Markup {
  const size = bytes === null ? 'size unknown' : formatBytes(bytes)
  const facts = [
    ...(what === null ? [] : [size]),
    ...(lastWrite === null ? [] : [`last write ${formatAgeOf(lastWrite, new Date(takenAt))}`]),
  ]
  return markup`${what ?? size}${facts.length === 0 ? null : markup`<small>${facts.join(', ')}</small>`}`
}

function backedUpCell(report: Report, { restorePoint }: HoldingReport): Markup {
  if (restorePoint === null) return markup`never`
  const { finishedAt, consistency } = restorePoint
  return markup`${dated(report, finishedAt)}<small>${consistencyWords[consistency]}</small>`
}

function verifiedCell({ takenAt }: Report, holding: HoldingReport): Markup {
  const { verified } = holding
  if (verified === null) return markup`never`
  return markup`${proofWords(holding)}<small>${formatAgeOf(verified.at, new Date(takenAt))}</small>`
}

function leftOutList(leftOut: ProjectReport['leftOut']): Markup {
  const items = leftOut.map(
    ({ name, because }) => markup`<li>${name} <span class="quiet">· ${because}</span></li>\n`,
  )
  return part('Left out of backups', markup`<ul class="plain">\n${items}</ul>`)
}

function goneTable(report: Report, gone: readonly GoneReport[]): Markup {
  const rows = gone.map(({ name, restorePoint, copies, command }) =>
    row([
      ['Data', 'name', markup`${name}`],
      ['Newest copy', '', dated(report, restorePoint.finishedAt)],
      ['Copies', 'number', markup`${formatCount(copies)}`],
      ['Get it', '', command === null ? markup`` : markup`<code>${command}</code>`],
    ]),
  )
  return table('No longer on the engine, still kept', ['Data', 'Newest copy', 'Copies', 'Get it'], rows)
}

function commandTable(report: Report, commands: readonly CommandReport[]): Markup {
  const rows = commands.map(command =>
    row([
      ['Command', 'name', markup`<code>${commandWords(command)}</code>`],
      ['When', '', dated(report, command.at)],
      ['By', '', markup`${command.audience}`],
      ['Guard', '', markup`${verdictWords[command.verdict]}`],
      ['Came of it', 'names', outcomeCell(report, command)],
    ]),
  )
  return table('Last guarded commands', ['Command', 'When', 'By', 'Guard', 'Came of it'], rows)
}

function outcomeCell(report: Report, command: CommandReport): Markup {
  const undone = undoneWords(command, report)
  const id = command.restorePoint
  return markup`${command.outcome}${undone === null ? null : markup`<small class="well">${undone}</small>`}${id === null ? null : markup`<small><code>${id}</code></small>`}`
}

function whereList(holdings: readonly HoldingReport[]): Markup {
  const items = holdings.map(({ name, restorePoint }) => {
    const state = restorePoint?.encrypted === true ? 'encrypted' : 'not encrypted'
    return markup`<div><dt>${name} · ${state}</dt><dd>${restorePoint?.at ?? ''}</dd></div>\n`
  })
  return part('Where the newest copies lie', markup`<dl class="where">\n${items}</dl>`)
}

// ---- Parts -------------------------------------------------------------------------------------------------------

function part(title: string, content: Markup): Markup {
  return markup`<div class="part"><h3>${title}</h3>\n${content}</div>\n`
}

/** Head, class, content. On a narrow page the head stands before the content. */
type Cell = readonly [head: string, kind: string, content: Markup]

/** The roles stay what they are where a narrow page shows rows as blocks. */
function table(caption: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  const cells = heads.map(
    head =>
      markup`<th role="columnheader" scope="col" class="${numbers.includes(head) ? 'number' : ''}">${head}</th>`,
  )
  return markup`<div class="part"><table role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${cells}</tr></thead>
<tbody role="rowgroup">
${rows}</tbody>
</table></div>
`
}

const numbers: readonly string[] = ['Copies', 'Restore points', 'Bytes kept']

function row(cells: readonly Cell[]): Markup {
  const all = cells.map(
    ([head, kind, content]) =>
      markup`<td role="cell" data-label="${head}" class="${kind}"><div>${content}</div></td>`,
  )
  return markup`<tr role="row">${all}</tr>\n`
}

/** Only for the eye: the words beside it say the same. */
function sign(isWell: boolean): Markup {
  return markup`<span aria-hidden="true">${isWell ? '✔' : '✗'}</span>`
}
