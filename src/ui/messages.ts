import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes, formatDuration, listed, plural } from '../core/format.ts'
import { renderPlan } from '../core/plan.ts'
import { renderForecast } from '../core/render-forecast.ts'
import type { DecidedStake, Decision } from '../model/decision.ts'
import type { Event } from '../model/event.ts'
import { unreachable } from '../model/failure.ts'
import type { Outcome, Replacement } from '../model/finding.ts'
import { identityOfHolding, nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import { columns } from './columns.ts'
import { elsewhere, elsewhereBlock, elsewhereDeed, remedyLines } from './elsewhere.ts'
import {
  composeLine,
  hexOf,
  lastWriteOf,
  isDockers,
  nameOf,
  ofProject,
  otherProjectLine,
  ownFileNeeded,
  ownProject,
  projectWords,
  quoted,
  safeLine,
  sameProjectLine,
  shortLine,
  sizeOf,
  stakeInWords,
} from './words.ts'

type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>

/** What the words depend on besides the event. */
export interface Setting {
  readonly now: Date
  /** Somebody may be looking: blocks of lines. Otherwise one line each that says who speaks, for logs. */
  readonly isTerminal: boolean
  /** The guarded command at hand; null in our own commands. */
  readonly command: readonly string[] | null
}

// ---- What was found ----------------------------------------------------------------------------------------------

/** What a guarded command would do to data: a block for a person, a line per kind of loss for a log. */
export function foundLines(event: EventOf<'found'>, setting: Setting): readonly string[] {
  const { decision } = event
  const counting = decision.stakes.filter(
    ({ verdict, stake }) => verdict !== 'pass' && !isRemark(stake.finding, verdict),
  )
  const remarks = decision.stakes.filter(
    ({ verdict, stake }) => verdict !== 'pass' && isRemark(stake.finding, verdict),
  )
  const displaced = elsewhere(counting)
  const groups = outcomes
    .map(outcome => ({
      outcome,
      stakes: counting.filter(
        each =>
          each.stake.finding.outcome === outcome && !displaced.some(other => other.stake === each.stake),
      ),
    }))
    .filter(({ stakes }) => stakes.length > 0)
  const blocks = setting.isTerminal || decision.verdict === 'ask'
  return [
    ...displaced.flatMap(({ stake }) =>
      blocks
        ? elsewhereBlock(stake, setting.now)
        : [`safe-compose: ${shortLine(event.command)} lets ${elsewhereDeed(stake, setting.now)}`],
    ),
    ...groups.flatMap(({ outcome, stakes }) =>
      blocks ? blockOf(event, outcome, stakes, setting) : logLinesOf(event.command, outcome, stakes),
    ),
    ...sparedLines(decision),
    ...(blocks && groups.some(({ outcome }) => outcome !== 'recreated')
      ? // Each of several projects has a newest backup of its own.
        ['', ...(event.project.includes(', ') ? [] : [newestLine(event, setting), ''])]
      : []),
    ...(decision.approval === null
      ? []
      : [`safe-compose: a person approved exactly this, once (${decision.approval})`]),
    ...ignoredLines(decision),
    ...remarkLinesOf(remarks),
  ]
}

const outcomes: readonly Outcome[] = ['destroyed', 'corrupted', 'hidden', 'orphaned', 'recreated']

function isRemark(finding: DecidedStake['stake']['finding'], verdict: DecidedStake['verdict']): boolean {
  return finding.warning === true || (verdict === 'warn' && finding.outcome !== 'destroyed')
}

function blockOf(
  event: EventOf<'found'>,
  outcome: Outcome,
  stakes: readonly DecidedStake[],
  { now }: Setting,
): readonly string[] {
  if (outcome === 'recreated') return becauses(stakes).map(because => `safe-compose: ${because}`)
  const rows = stakes.map(({ stake: { finding, contents } }) => [
    `  ${nameOf(finding.holding)}`,
    contents?.database === null || contents?.database === undefined
      ? ''
      : escapeName(contents.database.label),
    sizeOf(contents),
    lastWriteOf(contents, now) ?? '',
    finding.usedBy.length === 0 ? '' : `used by ${listed(finding.usedBy.map(escapeName))}`,
    finding.canBackUp ? '' : 'cannot be backed up',
  ])
  const kept = event.kept.map(({ name, why }) => `  kept: ${escapeName(name)} (${escapeName(why)})`)
  return [
    `safe-compose: ${headline(outcome, stakes, event.project)}`,
    '',
    ...columns(rows, '   '),
    ...(outcome === 'destroyed' ? kept : []),
    ...whyLines(stakes),
  ]
}

function headline(
  outcome: Exclude<Outcome, 'recreated'>,
  stakes: readonly DecidedStake[],
  project: string,
): string {
  const isVolume = ({ stake }: DecidedStake): boolean =>
    stake.finding.holding.kind === 'volume' || stake.finding.holding.kind === 'anonymous'
  const all = `${plural(stakes.length, 'volume')}${ofProject(project)}`
  const what = stakes.every(isVolume) ? all : `data${ofProject(project)}`
  switch (outcome) {
    case 'destroyed':
      return `this deletes ${what}`
    case 'corrupted':
      return `this would damage ${what}`
    case 'hidden':
      return `this hides ${what}: the application would not see it`
    case 'orphaned':
      return `this leaves ${what} behind: nothing will point to it any more`
  }
}

/** Why, where the command does not say so itself. */
function whyLines(stakes: readonly DecidedStake[]): readonly string[] {
  const unclear = stakes.filter(({ stake }) => !saysItself.has(stake.finding.rule))
  const evidence = unclear
    .filter(({ stake }) => stake.finding.outcome !== 'destroyed')
    .flatMap(({ stake }) => stake.finding.evidence.map(line => `       ${escapeName(line)}`))
  if (unclear.length === 0) return []
  return ['', ...becauses(unclear).map(because => `  why: ${because}`), ...new Set(evidence)]
}

/** Rules about what the words of the command say in so many words. */
const saysItself: ReadonlySet<string> = new Set(['down-volumes', 'docker-volume-removed'])

function becauses(stakes: readonly DecidedStake[]): readonly string[] {
  return [...new Set(stakes.map(({ stake }) => escapeName(stake.finding.because)))]
}

function logLinesOf(
  command: readonly string[],
  outcome: Outcome,
  stakes: readonly DecidedStake[],
): readonly string[] {
  const names = listed(stakes.map(({ stake }) => stakeInWords(stake, null)))
  const line = shortLine(command)
  switch (outcome) {
    case 'destroyed':
      return [
        `safe-compose: ${line} deletes ${names}`,
        ...becauses(stakes.filter(({ stake }) => !saysItself.has(stake.finding.rule))).map(
          because => `safe-compose:   ${because}`,
        ),
      ]
    case 'orphaned':
      return [`safe-compose: ${line} leaves ${names} behind: nothing will point to it any more`]
    case 'hidden':
    case 'corrupted':
    case 'recreated':
      return becauses(stakes).map(because => `safe-compose: ${because}`)
    default:
      return unreachable(outcome)
  }
}

/** What goes although nothing is made of it: said, so that nobody counts on a copy. */
function sparedLines({ spared }: Decision): readonly string[] {
  const going = spared.filter(({ stake }) => stake.finding.outcome === 'destroyed')
  if (going.length === 0) return []
  const names = going.map(({ stake, why }) => `${nameOf(stake.finding.holding)} (${escapeName(why)})`)
  return [`  not backed up: ${listed(names)}`]
}

function newestLine({ newest, decision }: EventOf<'found'>, { now }: Setting): string {
  if (newest === null) return '  there is no backup of this yet'
  const saved = new Set(newest.manifest.holdings.map(record => identityOfHolding(record.holding)))
  const holdings = decision.stakes
    .map(({ stake }) => stake.finding)
    .filter(finding => finding.outcome !== 'recreated' && finding.warning !== true)
    .map(finding => finding.holding)
  const missing = holdings.filter(holding => !saved.has(identityOfHolding(holding)))
  const when = `${formatAgeOf(newest.manifest.finishedAt, now)} (${escapeName(newest.id)})`
  if (missing.length === 0) return `  newest good backup of these: ${when}`
  if (missing.length === holdings.length)
    return `  there is no backup of this yet; the newest of the project: ${when}`
  return `  newest good backup: ${when}, without ${listed(missing.map(nameOf))}`
}

function ignoredLines({ ignored }: Decision): readonly string[] {
  if (ignored.length === 0) return []
  return [`safe-compose: ignored, because a coding agent is at work: ${listed(ignored.map(escapeName))}`]
}

/** What is said of several holdings in the same words is said once. */
function remarkLinesOf(remarks: readonly DecidedStake[]): readonly string[] {
  return becauses(remarks).flatMap(because => {
    const same = remarks.filter(({ stake }) => escapeName(stake.finding.because) === because)
    const instead = new Set(same.flatMap(({ stake }) => stake.finding.instead ?? []))
    return [
      `safe-compose: warning: ${because}`,
      ...[...instead].map(line => `  instead:  ${escapeName(line)}`),
    ]
  })
}

/** Of what is only worth a word, what concerns data that a refused command would delete. */
function remarksOn(refused: readonly DecidedStake[], decision: Decision): readonly DecidedStake[] {
  const deleted = new Set(
    refused
      .filter(({ stake }) => stake.finding.outcome === 'destroyed')
      .map(({ stake }) => identityOfHolding(stake.finding.holding)),
  )
  return decision.stakes.filter(
    ({ stake: { finding } }) => finding.warning === true && deleted.has(identityOfHolding(finding.holding)),
  )
}

/** What `explain` knows each finding by. */
export function findingIdLines({ decision }: { readonly decision: Decision }): readonly string[] {
  const ids = decision.stakes.map(({ stake }) => stake.finding.id).filter(id => id !== undefined)
  return ids.map(id => `safe-compose: more about this: safe-compose explain ${escapeName(id)}`)
}

// ---- Refusals ----------------------------------------------------------------------------------------------------

/** What was refused, what to do instead, and how it can be done on purpose. */
export function refusedLines(event: EventOf<'refused'>, { now }: Setting): readonly string[] {
  const { decision, command, code } = event
  const refused = decision.stakes.filter(({ verdict }) => verdict === 'refuse')
  const destroys = refused.some(({ stake }) => stake.finding.outcome === 'destroyed')
  const unclear = refused.filter(({ stake }) => !saysItself.has(stake.finding.rule))
  return [
    `safe-compose: refused: \`${shortLine(command)}\` would ${wouldDo(refused, now)}.`,
    ...becauses([...unclear, ...remarksOn(refused, decision)]).map(because => `  why: ${because}`),
    ...evidenceLines(refused),
    ...cannotBackUpLines(refused),
    `  Nothing was changed.${code === null ? reasonOf(refused) : ' A person has to decide this.'}`,
    ...ignoredLines(decision).map(line => line.replace('safe-compose: i', '  I')),
    ...remedyLines(
      command,
      refused.map(({ stake }) => stake.finding),
    ),
    ...insteadLines(refused),
    ...(code === null ? onPurposeLines(command, refused) : []),
    ...(code !== null && destroys ? scratchLines(command, code, event.anotherProject) : []),
    ...(code === null
      ? []
      : [`  To allow exactly this once, a person types at a terminal:  safe-compose approve ${code}`]),
  ]
}

/** What proves that a service would start elsewhere: nobody is there who could ask. */
function evidenceLines(refused: readonly DecidedStake[]): readonly string[] {
  const lines = elsewhere(refused).flatMap(({ stake }) => stake.finding.evidence)
  return [...new Set(lines)].map(line => `       ${escapeName(line)}`)
}

function wouldDo(refused: readonly DecidedStake[], now: Date): string {
  const displaced = elsewhere(refused)
  const others = refused.filter(each => !displaced.some(other => other.stake === each.stake))
  return [...displaced.map(({ stake }) => elsewhereDeed(stake, now)), ...losses(others, now)].join(' and ')
}

function losses(refused: readonly DecidedStake[], now: Date): readonly string[] {
  return outcomes
    .map(outcome => ({ outcome, stakes: refused.filter(({ stake }) => stake.finding.outcome === outcome) }))
    .filter(({ stakes }) => stakes.length > 0)
    .map(({ outcome, stakes }) => {
      const names = listed(stakes.map(({ stake }) => stakeInWords(stake, now)))
      return `${wouldWords[outcome]} ${names}${outcome === 'orphaned' ? ' behind' : ''}`
    })
}

const wouldWords: Readonly<Record<Outcome, string>> = {
  destroyed: 'delete',
  corrupted: 'damage',
  hidden: 'hide',
  orphaned: 'leave',
  recreated: 'replace the container of',
}

function reasonOf(refused: readonly DecidedStake[]): string {
  const reasons = [...new Set(refused.map(({ why }) => escapeName(why)))]
  return reasons.length === 0 ? '' : ` Refused because ${listed(reasons)}.`
}

function cannotBackUpLines(refused: readonly DecidedStake[]): readonly string[] {
  const names = refused
    .filter(({ stake }) => !stake.finding.canBackUp)
    .map(({ stake }) => nameOf(stake.finding.holding))
  return names.length === 0 ? [] : [`  No backup can be made of ${listed(names)}.`]
}

function insteadLines(refused: readonly DecidedStake[]): readonly string[] {
  const instead = new Set(refused.flatMap(({ stake }) => stake.finding.instead ?? []))
  return [...instead].map(line => `  Keeping the data:  ${escapeName(line)}`)
}

function onPurposeLines(command: readonly string[], refused: readonly DecidedStake[]): readonly string[] {
  const rules = [...new Set(refused.map(({ stake }) => stake.finding.rule))]
  return [`  On purpose:        ${safeLine(command, ['--safe-allow', rules.join(',')])}`]
}

/** A project of its own is what an agent that wants a clean database needs. */
function scratchLines(
  command: readonly string[],
  code: string,
  anotherProject: EventOf<'refused'>['anotherProject'],
): readonly string[] {
  if (anotherProject === null) return []
  if (anotherProject === 'shares-data') return [`  ${ownFileNeeded}`]
  const scratch = `scratch-${hexOf(code)}`
  const up = otherProjectLine(command, scratch, ['up', '-d'])
  const down = otherProjectLine(command, scratch, ['down', '-v'])
  return [`  ${ownProject}`, `      ${up}        … and later: ${down}`]
}

// ---- Backups -----------------------------------------------------------------------------------------------------

/** One holding has been copied. */
export function copiedLines(event: EventOf<'copied'>, { isTerminal }: Setting): readonly string[] {
  const sizes = `${formatBytes(event.bytes)} → ${formatBytes(event.stored)} in ${formatDuration(event.milliseconds)}`
  return isTerminal
    ? [`  backed up   ${nameOf(event.holding)}  ${sizes}`]
    : [`safe-compose: backed up ${nameOf(event.holding)}: ${sizes}`]
}

/** A copy that takes its time has begun, told once where there is no terminal to show its progress. */
export function longCopyLine(event: EventOf<'progress'>): string {
  const size = event.total === null ? '' : ` (${formatBytes(event.total)})`
  return `safe-compose: ${event.what} ${nameOf(event.holding)}${size} …`
}

/** A restore point is whole and checked. `destroys`: what it was taken for deletes something. */
export function savedLines(event: EventOf<'saved'>, destroys: boolean, setting: Setting): readonly string[] {
  const { id, reason, holdings } = event.manifest
  const dumps = (event.manifest.databases ?? []).flatMap(record => record.dumps).length
  const checked = dumps === 0 ? 'checked' : `with ${plural(dumps, 'dump')}, checked`
  const sizes = `${formatBytes(event.bytes)} → ${formatBytes(event.stored)} in ${formatDuration(event.milliseconds)}, ${checked}`
  const crashed = holdings
    .filter(record => record.consistency === 'crash-consistent')
    .map(record => nameOf(record.holding))
  const notes =
    crashed.length === 0
      ? []
      : [
          `safe-compose: warning: a container did not stop in time and was killed: the copy of ${listed(crashed)} is as after a crash`,
        ]
  if (setting.isTerminal) return [`  saved       ${id}  (${sizes})`, ...notes]
  const undo =
    destroys && reason === 'preflight' && setting.command !== null
      ? `; undo with: ${sameProjectLine(setting.command, ['undo', id])}`
      : ` (${formatBytes(event.bytes)} → ${formatBytes(event.stored)}, ${checked})`
  return [`safe-compose: saved ${id} in ${formatDuration(event.milliseconds)}${undo}`, ...notes]
}

export function backupSparedLines(event: EventOf<'backup-spared'>, { now }: Setting): readonly string[] {
  const { id, manifest } = event.restorePoint
  return [
    `safe-compose: saved ${formatAgeOf(manifest.finishedAt, now)} already (${escapeName(id)}): no new backup`,
  ]
}

export function stoppedLines({ containers, why }: EventOf<'stopped'>): readonly string[] {
  return [`  stopped     ${listed(runNames(containers))} (${escapeName(why)})`]
}

export function resumedLines({ containers }: EventOf<'resumed'>): readonly string[] {
  return [`  running     ${listed(runNames(containers))} again`]
}

/** Services where they are known, containers otherwise, each once. */
export function runNames(containers: EventOf<'resumed'>['containers']): readonly string[] {
  return [...new Set(containers.map(({ service, name }) => escapeName(service ?? name)))]
}

// ---- After Compose -----------------------------------------------------------------------------------------------

/** What is gone, and the command that brings it back. Nothing where nothing is gone. */
export function composeEndedLines(event: EventOf<'compose-ended'>, { command }: Setting): readonly string[] {
  const { gone, kept, restorePoint, exitCode } = event
  if (gone.length === 0) return []
  const program = isDockers(command ?? []) ? 'docker' : 'Compose'
  const failed = exitCode === 0 ? '' : `${program} ended with ${exitCode}: `
  const some = kept.length === 0 || exitCode === 0 ? '' : `; ${listed(kept.map(nameOf))} is still there`
  return [`safe-compose: ${failed}${goneWords(gone)}${some}. ${wayBack(event, restorePoint, command ?? [])}`]
}

function goneWords(gone: readonly Holding[]): string {
  if (gone.every(holding => holding.kind === 'volume')) return `deleted ${plural(gone.length, 'volume')}`
  return `gone: ${listed(gone.map(nameOf))}`
}

function wayBack(
  { gone, audience }: EventOf<'compose-ended'>,
  restorePoint: string | null,
  command: readonly string[],
): string {
  const them = gone.length === 1 ? 'it' : 'them'
  if (restorePoint === null) return `There is no backup of ${them}.`
  const words = audience === 'person' ? ['undo'] : ['undo', restorePoint]
  return `Bring ${them} back with: ${sameProjectLine(command, words)}`
}

/** A dead run was finished, rolled back or cleared away. */
export function recoveredLines({ what, details }: EventOf<'recovered'>): readonly string[] {
  const head = {
    'rolled-back': 'an earlier run had died; it was rolled back',
    finished: 'an earlier run had died; it was finished',
    cleared: 'cleared away what it left',
  }[what]
  return [`safe-compose: ${head}`, ...details.map(line => `  ${escapeName(line)}`)]
}

// ---- Undo and restore --------------------------------------------------------------------------------------------

export function undoLines(
  { step, details }: EventOf<'undo'>,
  { now, isTerminal }: Setting,
): readonly string[] {
  const words = details.map(escapeName)
  const [first = '', second = '', third = ''] = words
  switch (step) {
    case 'begin':
      return [`safe-compose: undo \`${first}\`, ${formatAgeOf(third, now)} (${second})`]
    case 'restored':
      return [`  restored    ${listed(words)}`]
    case 'starting':
      return [
        isTerminal
          ? `  starting    ${words.join(', ')} (running before)`
          : `safe-compose: starting ${listed(words)} (running before)`,
      ]
    case 'done':
      return [
        words.length === 0 ? 'safe-compose: undone' : `safe-compose: undone; running again: ${listed(words)}`,
      ]
    case 'not-started':
      return [
        `safe-compose: ${third === '' ? 'the data is back' : 'not everything is back'}; nothing was started: ${first}`,
        `  start it with:  ${second}`,
        ...(third === '' ? [] : [`  then the rest:  ${third}`]),
      ]
    case 'in-volumes':
      return [`safe-compose: ${first}`, ...words.slice(1).map(line => `  use it with:  ${line}`)]
    default:
      return unreachable(step)
  }
}

export function restoreLines(
  { step, holding, details }: EventOf<'restore'>,
  { isTerminal }: Setting,
): readonly string[] {
  const words = details.map(escapeName)
  switch (step) {
    case 'begin':
      return [`safe-compose: restoring ${listed(words)}`]
    case 'checked':
      return []
    case 'safety':
      return [`safe-compose: what stood there is in restore point ${words.join(', ')}`]
    case 'restored': {
      const [bytes = '0', milliseconds = '0', volume = ''] = words
      const name = volume === '' && holding !== null ? nameOf(holding) : volume
      const from = holding === null || nameOfHolding(holding) === volume ? '' : ` (from ${nameOf(holding)})`
      const size = bytes === '0' ? '' : `${formatBytes(Number(bytes))} `
      const tail = `${size}in ${formatDuration(Number(milliseconds))}, checked${from}`
      return [isTerminal ? `  restored    ${name}  ${tail}` : `safe-compose: restored ${name} ${tail}`]
    }
    case 'started':
      return ['safe-compose: restored; what ran before runs again']
    case 'put-back':
      return [`safe-compose: put back what stood in ${listed(words)} before`]
    default:
      return unreachable(step)
  }
}

// ---- Mending -----------------------------------------------------------------------------------------------------

/** What would be written into a Compose file, and that it was. */
export function pinLines({ step, file, details }: EventOf<'pin'>): readonly string[] {
  const [first = '', ...rest] = details
  switch (step) {
    case 'change':
      return ['safe-compose: the change', '', ...details.map(line => `  ${escapeName(line)}`), '']
    case 'written':
      return [
        `safe-compose: from now on ${listed(rest.map(escapeName))}, whatever the project is called`,
        `  put the file back with:  ${quoted(['cp', first, file ?? ''])}`,
      ]
    case 'nothing':
      return ['safe-compose: nothing to do: the names are written already']
    default:
      return unreachable(step)
  }
}

export function confirmedLines({ part: { what, well, found } }: EventOf<'confirmed'>): readonly string[] {
  return [`safe-compose: ${well ? '' : 'warning: '}${escapeName(what)}: ${escapeName(found)}`]
}

export function repairLines({ step, service, on }: EventOf<'repair'>): readonly string[] {
  const [name, volume] = [escapeName(service), escapeName(on)]
  return step === 'trying'
    ? [`safe-compose: trying the repair of ${name} on a copy of ${volume}; ${volume} is left as it is`]
    : [`safe-compose: repairing ${volume}`]
}

export function restoreDumpLines({ step, service, details }: EventOf<'restore-dump'>): readonly string[] {
  const where = service === null ? '' : ` of ${escapeName(service)}`
  const [name = '', more = ''] = details.map(escapeName)
  switch (step) {
    case 'accounts':
      return [
        `safe-compose: made what was missing of the accounts${where}: ${listed(details.map(escapeName))}`,
      ]
    case 'restored':
      return [`safe-compose: read ${name} in${where === '' ? '' : `to${where.slice(3)}`}: ${more}`]
    case 'copied':
      return [`safe-compose: ${name} is copied to ${more}, and is replaced now`]
    case 'kept':
      return [
        `safe-compose: what ${name} was before is kept as the database ${more}: drop it when all is well`,
      ]
  }
}

export function adoptLines({ step, details }: EventOf<'adopt'>): readonly string[] {
  const words = details.map(escapeName)
  const [first = '', second = '', third = ''] = words
  switch (step) {
    case 'begin':
      return [`safe-compose: ${first}${second === '' ? '' : ` (${second})`} becomes ${third}`]
    case 'starting':
      return [`  starting    ${words.join(', ')}`]
    case 'up':
      return [`safe-compose: ${first} runs on ${second}: ${third}`]
    case 'not-up':
      return [`safe-compose: warning: ${first}`, ...words.slice(1).map(line => `  ${line}`)]
    default:
      return unreachable(step)
  }
}

// ---- The rest ----------------------------------------------------------------------------------------------------

/** The dry run. */
export function planLines({ forecast }: EventOf<'plan'>): readonly string[] {
  return [
    `safe-compose: ${renderForecast(forecast)}`,
    '',
    `safe-compose itself: ${renderPlan(forecast.plan)}`,
    '',
    'safe-compose: a dry run: nothing was changed, and Compose did not run',
  ].flatMap(text => text.split('\n'))
}

/** The same for a line of the docker CLI. */
export function dockerPlanLines({ plan, command }: EventOf<'docker-plan'>): readonly string[] {
  return [
    `safe-compose: ${shortLine(command)}: ${renderPlan(plan, 'docker')}`,
    '',
    'safe-compose: a dry run: nothing was changed, and docker did not run',
  ].flatMap(text => text.split('\n'))
}

/** A service runs on other data than it is known to have. */
export function alarmLines(
  { alarm, wayBack, command }: EventOf<'alarm'>,
  { now }: Setting,
): readonly string[] {
  const { service, before, now: present } = alarm
  const isFresh = present.database === null || before.identity !== present.identity
  const rows = [
    ['  before', escapeName(before.name), databaseWords(before)],
    [
      '  now',
      escapeName(present.name),
      [databaseWords(present), bornWords(present.createdAt, now)].filter(word => word !== '').join(', '),
    ],
  ]
  return [
    `safe-compose: ALERT  ${escapeName(service)} came up on ${isFresh ? 'a fresh database' : 'other data'}`,
    ...columns(rows, '   '),
    `  Stop writing to it:  ${composeLine([...projectWords(command), 'stop', service])}`,
    `  Look:                ${sameProjectLine(command, ['recover'])}`,
    ...(wayBack === null ? [] : [`  Get the old back:    ${sameProjectLine(command, wayBack)}`]),
  ]
}

function databaseWords({ database, identity }: EventOf<'alarm'>['alarm']['now']): string {
  if (database === null) return 'no database recognised yet'
  return identity === null
    ? escapeName(database)
    : `${escapeName(database)}, cluster ${shortIdentity(identity)}`
}

function shortIdentity(identity: string): string {
  return identity.length <= 9 ? identity : `${identity.slice(0, 4)}…${identity.slice(-3)}`
}

function bornWords(createdAt: string | null, now: Date): string {
  return createdAt === null ? '' : `created ${formatAgeOf(createdAt, now)}`
}

export function dumpLines({ id, name, service, bytes, found, to }: EventOf<'dump'>): readonly string[] {
  const of = service === '' ? '' : ` of ${escapeName(service)}`
  const where = to === null ? '' : ` written to ${escapeName(to)}`
  return [
    `safe-compose: ${escapeName(name)}${of}${where}: ${formatBytes(bytes)} ${escapeName(found)}; from ${id}`,
  ]
}

export function reportLines({ file, bytes }: EventOf<'report'>): readonly string[] {
  return [`safe-compose: report written to ${escapeName(file)} (${formatBytes(bytes)})`]
}

export function warningLines({ text }: EventOf<'warning'>): readonly string[] {
  return [`safe-compose: warning: ${escapeName(text)}`]
}

export function detailLines({ text }: EventOf<'detail'>): readonly string[] {
  return [`safe-compose: ${escapeName(text)}`]
}

/** The question of the prompt, and what each answer is called. */
export const question = 'What now?'

export function choiceWords(about: {
  readonly destroys: boolean
  readonly backsUp: boolean
  readonly canBackUp: boolean
  /** Milliseconds that the backup will take; null when it cannot be told. */
  readonly estimate: number | null
  readonly command: readonly string[]
  readonly keepLine: string | null
  /** What a service would start on in place of its data, where that is what is asked about. */
  readonly wouldUse: Replacement['state'] | null
}): Readonly<Record<'back-up-and-go-on' | 'always-in-this-project' | 'keep-the-data' | 'stop', string>> {
  const deed = about.destroys ? 'delete' : 'go on'
  const time =
    about.estimate === null
      ? ''
      : `about ${formatDuration(Math.max(1000, Math.ceil(about.estimate / 1000) * 1000))}; `
  const undo = about.destroys
    ? `undo later with: ${sameProjectLine(about.command, ['undo'])}`
    : 'nothing is deleted'
  return {
    'back-up-and-go-on': about.backsUp
      ? `${`Back up, then ${deed}`.padEnd(28)}  (${time}${undo})${about.canBackUp ? '' : ', as far as a backup can be made'}`
      : (goOnWords(about.wouldUse) ?? `${capital(deed)} without a backup`),
    'always-in-this-project': 'Always back up and go on in this project',
    'keep-the-data': `Keep the data: run \`${about.keepLine ?? ''}\` instead`,
    stop: 'Stop, do nothing',
  }
}

function goOnWords(wouldUse: Replacement['state'] | null): string | null {
  if (wouldUse === null) return null
  return wouldUse === 'missing' || wouldUse === 'empty' ? 'Really start empty' : 'Go on all the same'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
