import type { KeepPolicy } from '../model/decision.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { dayOf, monthOf, weekOf } from './calendar.ts'
import { formatBytes, formatDuration, listed } from './format.ts'
import { recordedTimes } from './recorded-times.ts'
import type { RecordedTime } from './recorded-times.ts'
import { suspiciouslySmaller } from './shrunken.ts'

/** What becomes of one restore point, and every reason for it. */
export interface Verdict {
  readonly point: RestorePoint
  readonly keep: boolean
  readonly reasons: readonly string[]
  /** Its room is needed: it does not wait between being marked and being removed. */
  readonly atOnce: boolean
}

export interface RetentionPlan {
  /** The newest first. */
  readonly verdicts: readonly Verdict[]
  /** Why nothing may go now, although it is due; null when all is well. */
  readonly heldBack: string | null
}

export interface RetentionQuestion {
  /** Of one project, in any order. */
  readonly points: readonly RestorePoint[]
  readonly policy: KeepPolicy
  /** Why that may not be the policy that was meant for them; null where it is. */
  readonly doubt: string | null
  /** Ids that somebody needs, each with why: `neededBy`. */
  readonly needed: ReadonlyMap<string, string>
  /** Ids of those that are being read. */
  readonly reading: ReadonlySet<string>
  /** Whether those taken by hand follow the policy too, or stay as they are. */
  readonly byHandToo: boolean
  readonly now: Date
}

/**
 * Which restore points of one project stay and which may go, each with its reasons: everything for a while, then one a
 * day, one a week, one a month. Compared are those that were taken for the same reason and hold the same data: what was
 * copied before a command takes nobody's place, nor does what `verify` found bad. Whatever the policy says, these stay: the newest ones, of each piece of
 * data the newest good one and the newest that was started and counted, tagged and damaged ones, what `undo` needs, what
 * is being read, and what the clock dates wrongly until nothing of its time is kept any more.
 */
export function planRetention(question: RetentionQuestion): RetentionPlan {
  const { policy, now } = question
  const newestFirst = question.points.toSorted(
    (a, b) => b.manifest.sequence - a.manifest.sequence || (a.id < b.id ? 1 : -1),
  )
  const good = newestFirst.filter(({ state }) => state === 'good')
  const times = recordedTimes(good.toReversed(), now)
  const always = reasonsToStay(question, good.filter(isNotFoundBad))
  const byAge = reasonsByAge(policy, good, times)
  const judged = newestFirst.map((point): Judged => {
    const stays = always(point)
    const reasons = [...stays, ...(byAge.get(point) ?? [])]
    const due = whyDue(policy, times.get(point)?.age ?? 0)
    const keep = reasons.length > 0
    return { point, keep, reasons: keep ? reasons : [due], atOnce: false, always: stays.length > 0 }
  })
  const verdicts = withinSize(policy.bytes, judged)
  const heldBack = verdicts.every(({ keep }) => keep) ? null : (question.doubt ?? suspiciouslySmaller(good))
  return { heldBack, verdicts: heldBack === null ? verdicts : verdicts.map(heldBackVerdict) }
}

function heldBackVerdict(verdict: Verdict): Verdict {
  return verdict.keep
    ? verdict
    : { ...verdict, keep: true, reasons: ['retention is held back'], atOnce: false }
}

interface Judged extends Verdict {
  /** No limit takes it. */
  readonly always: boolean
}

// ---- What always stays -------------------------------------------------------------------------------------------

function reasonsToStay(
  { policy, needed, reading, byHandToo }: RetentionQuestion,
  good: readonly RestorePoint[],
): (point: RestorePoint) => readonly string[] {
  const last = new Set(good.slice(0, Math.max(1, policy.last)))
  const trusted = good.filter(({ manifest }) => manifest.reason !== 'safety')
  const newest = newestOfEach(trusted)
  const booting = newestOfEach(trusted.filter(boots))
  return point => {
    const { tag, reason } = point.manifest
    const whys = [
      tag === null ? null : `tag ${tag}`,
      reason === 'manual' && tag === null && !byHandToo ? 'taken by hand' : null,
      needed.get(point.id),
      reading.has(point.id) ? 'being read' : null,
      last.has(point) ? (last.size === 1 ? 'the newest' : `one of the newest ${last.size}`) : null,
      newest.has(point) ? `the newest of ${listed(newest.get(point) ?? [])}` : null,
      booting.has(point) ? `the newest of ${listed(booting.get(point) ?? [])} that is known to boot` : null,
      point.state === 'damaged' ? 'damaged: kept for you to look at' : null,
    ]
    return whys.flatMap(why => why ?? [])
  }
}

/** Its files are all there; what is in them may have been tried, and not have passed. */
function isNotFoundBad({ verified }: RestorePoint): boolean {
  return verified?.well !== false
}

function boots({ verified }: RestorePoint): boolean {
  return verified?.well === true && verified.level === 'boot'
}

/** For each piece of data the first that holds it. */
function newestOfEach(newestFirst: readonly RestorePoint[]): ReadonlyMap<RestorePoint, readonly string[]> {
  const seen = new Set<string>()
  const found = new Map<RestorePoint, readonly string[]>()
  for (const point of newestFirst) {
    const names = [...new Set(dataIn(point))].filter(name => !seen.has(name))
    if (names.length > 0) found.set(point, names)
    for (const name of names) seen.add(name)
  }
  return found
}

/** What can be had back from it: one whose database could not be dumped takes the place of none whose could. */
function dataIn({ manifest }: RestorePoint): readonly string[] {
  return [
    ...manifest.holdings.map(({ holding }) => nameOfHolding(holding)),
    ...(manifest.databases ?? []).flatMap(({ service, holding, dumps }) =>
      dumps.length === 0 ? [] : [`dumps of ${service ?? holding}`],
    ),
  ]
}

// ---- What stays for a while --------------------------------------------------------------------------------------

interface Span {
  readonly unit: 'day' | 'week' | 'month'
  /** Milliseconds. */
  readonly within: number
  readonly of: (time: Date) => string
}

function spansOf({ daily, weekly, monthly }: KeepPolicy): readonly Span[] {
  return [
    { unit: 'day', within: daily, of: dayOf },
    { unit: 'week', within: weekly, of: weekOf },
    { unit: 'month', within: monthly, of: monthOf },
  ]
}

function reasonsByAge(
  policy: KeepPolicy,
  newestFirst: readonly RestorePoint[],
  times: ReadonlyMap<RestorePoint, RecordedTime>,
): ReadonlyMap<RestorePoint, readonly string[]> {
  const taken = new Set<string>()
  const longest = Math.max(policy.all, policy.daily, policy.weekly, policy.monthly)
  const whys = (point: RestorePoint): readonly string[] => {
    const { age, time } = times.get(point) ?? { age: 0, time: null }
    if (time === null) return age < longest ? ['the clock was wrong when it was taken'] : []
    const kind = JSON.stringify([point.manifest.reason, dataIn(point).toSorted()])
    const newest = spansOf(policy).flatMap(({ unit, within, of }) => {
      const place = `${unit} ${of(time)} ${kind}`
      const isFirst = !taken.has(place)
      if (isNotFoundBad(point)) taken.add(place)
      return isFirst && age < within ? [`the newest of ${unit === 'week' ? 'week ' : ''}${of(time)}`] : []
    })
    return [...(age < policy.all ? [`within ${formatDuration(policy.all)}`] : []), ...newest]
  }
  return new Map(newestFirst.map(point => [point, whys(point)]))
}

function whyDue(policy: KeepPolicy, age: number): string {
  const span = spansOf(policy).find(({ within }) => age < within)
  const longest = Math.max(policy.all, policy.daily, policy.weekly, policy.monthly)
  if (span !== undefined) return `a newer one of its ${span.unit} stays`
  return longest === 0 ? 'none is kept for its age' : `older than ${formatDuration(longest)}`
}

// ---- The size ----------------------------------------------------------------------------------------------------

/** What was copied before commands and restores takes no more room than that: the oldest go. */
function withinSize(most: number, newestFirst: readonly Judged[]): readonly Verdict[] {
  let bytes = 0
  let isFull = false
  return newestFirst.map(({ always, ...verdict }) => {
    const { point, keep } = verdict
    const { reason } = point.manifest
    if (!keep || (reason !== 'preflight' && reason !== 'safety')) return verdict
    // From the first that is too much on back: an older one is not worth more than a newer one because it is smaller.
    isFull ||= !always && bytes + point.bytes > most
    if (isFull && !always)
      return { point, keep: false, reasons: [`beyond ${formatBytes(most)}`], atOnce: true }
    bytes += point.bytes
    return verdict
  })
}
