import type { Audience, DecidedStake, Decision, Policy, RuleLevel, Verdict } from '../model/decision.ts'
import type { ContainerFact, ImageFact, VolumeFact } from '../model/facts.ts'
import type { Finding, Stake } from '../model/finding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { Ledger } from '../model/journal.ts'
import type { Manifest } from '../model/restore-point.ts'
import { dataPathsOfContainer, isDataPath } from './data-paths.ts'
import { effectOf, reactions } from './effects.ts'
import type { Reaction } from './effects.ts'
import { formatAge } from './format.ts'
import { isLooser, levelFor, levelOf } from './levels.ts'

/** All that a decision rests on. */
export interface DecisionGrounds {
  readonly stakes: readonly Stake[]
  readonly policy: Policy
  readonly audience: Audience
  /** The good restore points of this project on this engine. */
  readonly restorePoints: readonly Manifest[]
  /** Volumes that were first created under the guard, and by which kind of audience. */
  readonly created: Ledger['created']
  /** The code of an approval given for exactly this command on exactly these holdings; null when there is none. */
  readonly approval: string | null
  readonly now: Date
  readonly volumes: readonly VolumeFact[]
  /** For labels on services; without them only those on volumes are believed. */
  readonly containers?: readonly ContainerFact[]
  /** For what containers were built from. */
  readonly images?: readonly ImageFact[]
  /** The user trusts this project's files: then its labels are believed about databases too. */
  readonly trusted?: boolean
}

/**
 * What is done about what was found: a verdict for each stake with the reason for it, and for the command the
 * strictest. Who asks decides; where an agent is at work, what would loosen the guard is ignored and named.
 */
export function decide(grounds: DecisionGrounds): Decision {
  const ignored = grounds.audience.kind === 'agent' ? looseningOf(grounds) : []
  const spared: { stake: Stake; why: string }[] = []
  const stakes: DecidedStake[] = []
  for (const stake of grounds.stakes) {
    const why = whySpared(stake, grounds)
    if (why === null) stakes.push(decideStake(stake, grounds))
    else spared.push({ stake, why })
  }
  const approved = grounds.approval !== null && stakes.some(({ why }) => why === whyApproved)
  return {
    verdict: strictest(stakes.map(stake => stake.verdict)),
    stakes,
    spared,
    ignored,
    approval: approved ? grounds.approval : null,
  }
}

/** The text under which an approval is kept: the command, where it runs, and the holdings, in a fixed order. */
export function approvalKey(of: {
  readonly argv: readonly string[]
  readonly directory: string
  readonly engine: string
  readonly holdings: readonly string[]
}): string {
  return JSON.stringify([of.argv, of.directory, of.engine, of.holdings.toSorted()])
}

/** Digits and letters that nobody mistakes for each other. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A code that a person can read out and type, such as `K7-2Q9`, from at least five random bytes. */
export function approvalCode(random: Uint8Array): string {
  if (random.length < 5) throw new Error('Internal error: an approval code needs five random bytes')
  const symbols = Array.from(random.slice(0, 5), byte => alphabet.charAt(byte % alphabet.length)).join('')
  return `${symbols.slice(0, 2)}-${symbols.slice(2)}`
}

// ---- What is not at stake ----------------------------------------------------------------------------------------

const hour = 3600_000

function whySpared(stake: Stake, grounds: DecisionGrounds): string | null {
  const { finding, contents } = stake
  if (grounds.audience.kind !== 'agent' && configuredLevel(finding, grounds) === 'off')
    return `the rule ${finding.rule} is off`
  if (finding.warning === true || isGoneFromItsPlace(finding)) return null
  if (contents?.empty === true && !mayHoldInMemory(finding.holding, grounds)) return 'it is empty'
  if (contents !== null && contents.cache !== null)
    return `a cache that can be made again (${contents.cache})`
  if (finding.holding.kind === 'bind' && (contents?.database ?? null) === null)
    return 'a directory of the host in which no database was recognised'
  if (isDisposable(stake, grounds)) return 'its label safe-compose.backup says that it is disposable'
  return finding.outcome === 'recreated' ? whyRecreationSpared(stake, grounds) : null
}

/** What stands at a directory's path now is not what was there: the rule that says so knows from elsewhere that it held data. */
function isGoneFromItsPlace({ outcome, holding }: Stake['finding']): boolean {
  return outcome === 'hidden' && holding.kind === 'bind'
}

/** A running store may not have written yet: Redis puts a first file into its volume when it stops. */
function mayHoldInMemory(holding: Holding, { containers = [], images = [] }: DecisionGrounds): boolean {
  if (holding.kind === 'layer')
    return containers.some(({ id, state }) => id === holding.container && state === 'running')
  if (holding.kind !== 'volume' && holding.kind !== 'anonymous') return false
  return containers.some(container => {
    const image = images.find(each => each.id === container.imageId)
    const paths = dataPathsOfContainer(container.image, image)
    return (
      container.state === 'running' &&
      container.mounts.some(
        mount => mount.name === holding.name && !mount.readOnly && paths.includes(mount.destination),
      )
    )
  })
}

/** Where data is kept and only its container replaced, a recent copy is enough. */
function whyRecreationSpared({ finding }: Stake, grounds: DecisionGrounds): string | null {
  if (!finding.canBackUp) return 'no backup can be made of it, and its data is kept'
  if (isRaised(finding, grounds)) return null
  if (grounds.policy.noBackup && grounds.audience.kind !== 'agent')
    return 'no backup was wanted, and its data is kept'
  const age = ageOfNewestCopy(finding.holding, grounds)
  return age === null || age > grounds.policy.maxAge
    ? null
    : `a good backup of it was taken ${formatAge(age)}`
}

/** A configured level that asks or refuses holds however recent the copy is. */
function isRaised(finding: Finding, grounds: DecisionGrounds): boolean {
  const level = configuredLevel(finding, grounds)
  return level !== null && isLooser('back-up', level)
}

function ageOfNewestCopy(holding: Holding, { restorePoints, now }: DecisionGrounds): number | null {
  const identity = identityOfHolding(holding)
  const ages = restorePoints
    .filter(point => point.holdings.some(record => identityOfHolding(record.holding) === identity))
    .map(point => now.getTime() - Date.parse(point.finishedAt))
    .filter(age => age >= -clockTolerance)
  return ages.length === 0 ? null : Math.max(0, Math.min(...ages))
}

/** Milliseconds by which the engine's clock and ours may differ. */
const clockTolerance = 5 * 60_000

/** `safe-compose.backup: "false"` is believed for unknown content, but about a database only from a trusted project. */
function isDisposable({ finding, contents }: Stake, grounds: DecisionGrounds): boolean {
  const { holding } = finding
  if (holding.kind !== 'volume' && holding.kind !== 'anonymous') return false
  const users = (grounds.containers ?? []).filter(container =>
    container.mounts.some(mount => mount.name === holding.name),
  )
  const volume = grounds.volumes.find(each => each.name === holding.name)
  const labels = [volume?.labels, ...users.map(container => container.labels)]
  if (!labels.some(each => each?.['safe-compose.backup'] === 'false')) return false
  if (grounds.trusted === true) return true
  const paths = users.flatMap(container =>
    container.mounts.flatMap(mount => (mount.name === holding.name ? mount.destination : [])),
  )
  const mayBeDatabase = wasNotSeen(contents) && paths.some(isDataPath)
  return !mayBeDatabase && (contents?.database ?? null) === null
}

/** Nobody could look: neither size nor time nor database is known. */
function wasNotSeen(contents: Stake['contents']): boolean {
  return (
    contents === null ||
    (contents.bytes === null && contents.lastWrite === null && contents.database === null)
  )
}

// ---- What is -----------------------------------------------------------------------------------------------------

/** What the configuration says about a finding's rule for whoever asks; null where nothing. */
function configuredLevel(finding: Finding, { policy, audience }: DecisionGrounds): RuleLevel | null {
  return levelFor(policy.rules[finding.rule], audience.kind)
}

const whyApproved = 'a person approved exactly this, once'

/** By audience and outcome, then the configured level, then what was typed, the most particular last. */
function decideStake(stake: Stake, grounds: DecisionGrounds): DecidedStake {
  const { finding } = stake
  const byDefault = defaultOf(finding, grounds)
  const configured = withLevel(byDefault, finding, grounds)
  const { verdict, why } = withOptions(configured, finding, grounds)
  const noCopy = grounds.policy.noBackup && grounds.audience.kind !== 'agent'
  const goesOn = verdict === 'back-up' || verdict === 'ask'
  const isWorthIt = finding.canBackUp && finding.warning !== true && !isLeftAlone(finding)
  return { stake, verdict, why, backUp: goesOn && isWorthIt && !noCopy }
}

/** Nothing touches a volume that another one takes the place of: there is nothing to copy it for. */
function isLeftAlone(finding: Finding): boolean {
  // An anonymous volume loses its only name by it: nobody finds it again.
  const keepsItsName = finding.holding.kind !== 'anonymous'
  return finding.outcome === 'orphaned' && finding.wouldUse !== undefined && keepsItsName
}

function defaultOf(finding: Finding, grounds: DecisionGrounds): Reaction {
  const isScratch =
    finding.outcome === 'destroyed' && finding.canBackUp && isOwnScratch(finding.holding, grounds)
  if (isScratch && finding.warning !== true)
    return { verdict: 'back-up', why: 'it was created here less than 24 hours ago, under the guard' }
  return reactions[effectOf(finding)][grounds.audience.kind]
}

/** First created under the guard, less than a day ago, by the same kind of audience that would now delete it. */
function isOwnScratch(holding: Holding, { created, audience, now }: DecisionGrounds): boolean {
  if (holding.kind !== 'volume' && holding.kind !== 'anonymous') return false
  const age = now.getTime() - Date.parse(holding.createdAt)
  if (!(age >= -clockTolerance && age < 24 * hour)) return false
  return created.some(
    each =>
      each.name === holding.name && each.createdAt === holding.createdAt && each.audience === audience.kind,
  )
}

function withLevel(byDefault: Reaction, finding: Finding, grounds: DecisionGrounds): Reaction {
  const level = configuredLevel(finding, grounds)
  if (level === null || level === 'off') return byDefault
  if (grounds.audience.kind === 'agent' && isLooser(level, levelOf(byDefault.verdict))) return byDefault
  const why = `the rule ${finding.rule} is set to ${level}`
  if (level === 'back-up' && !finding.canBackUp)
    return byDefault.verdict === 'warn'
      ? byDefault
      : { verdict: 'refuse', why: 'no backup can be made of it' }
  return { verdict: level, why }
}

function withOptions(configured: Reaction, finding: Finding, grounds: DecisionGrounds): Reaction {
  const { audience, policy, approval } = grounds
  if (audience.kind === 'agent') {
    if (configured.verdict !== 'refuse' && configured.verdict !== 'ask') return configured
    if (approval !== null) return letThrough(finding, policy, whyApproved, false)
    return { verdict: 'refuse', why: configured.why }
  }
  if (policy.allow.includes(finding.rule) && isStricter(configured.verdict, 'warn'))
    return letThrough(finding, policy, `allowed by --safe-allow ${finding.rule}`, true)
  if (configured.verdict === 'ask' && policy.yes && (finding.canBackUp || finding.outcome !== 'destroyed'))
    return letThrough(finding, policy, '--safe-yes', true)
  if (configured.verdict === 'ask' && audience.kind === 'script')
    return { verdict: 'refuse', why: `${configured.why}, and nobody is there to be asked` }
  if (configured.verdict === 'back-up' && policy.noBackup)
    return { verdict: 'warn', why: '--safe-no-backup: no copy is made' }
  return configured
}

/** Goes on: after a backup where one can be made and is wanted. */
function letThrough(finding: Finding, policy: Policy, why: string, mayForgo: boolean): Reaction {
  const copies = finding.canBackUp && !(mayForgo && policy.noBackup)
  return { verdict: copies ? 'back-up' : 'warn', why }
}

const strictness: readonly Verdict[] = ['pass', 'warn', 'back-up', 'ask', 'refuse']

function isStricter(verdict: Verdict, than: Verdict): boolean {
  return strictness.indexOf(verdict) > strictness.indexOf(than)
}

/** The strictest of several; `pass` of none. */
export function strictest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce<Verdict>((most, verdict) => (isStricter(verdict, most) ? verdict : most), 'pass')
}

/** What an agent's run leaves out of account, in the words in which it would be typed. */
function looseningOf(grounds: DecisionGrounds): readonly string[] {
  const { policy } = grounds
  const levels = grounds.stakes.flatMap(({ finding }) => {
    const level = configuredLevel(finding, grounds)
    if (level === null || !isLooser(level, levelOf(defaultOf(finding, grounds).verdict))) return []
    const isForAll = typeof policy.rules[finding.rule] === 'string'
    return [`rules: { ${finding.rule}: ${isForAll ? level : `{ ${grounds.audience.kind}: ${level} }`} }`]
  })
  return [
    ...(policy.yes ? ['--safe-yes'] : []),
    ...(policy.noBackup ? ['--safe-no-backup'] : []),
    ...(policy.allow.length > 0 ? [`--safe-allow ${policy.allow.join(',')}`] : []),
    ...new Set(levels),
  ]
}
