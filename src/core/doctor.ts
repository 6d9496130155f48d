import type { Policy } from '../model/decision.ts'
import type { Facts, ServiceModel, VolumeFact } from '../model/facts.ts'
import type { Finding } from '../model/finding.ts'
import type { Contents } from '../model/holding.ts'
import type { HostSurvey } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { dataPathsOfContainer, isDataPath, isWithin } from './data-paths.ts'
import { typedDoors } from './doors/status.ts'
import { formatAgeOf, formatBytes, formatDuration, listed, plural } from './format.ts'
import { imageReferences } from './recreation.ts'
import { serviceContainers } from './reach.ts'

export type Health = 'well' | 'warning' | 'critical' | 'unknown'

/** One line of the checklist. */
export interface Check {
  readonly id: string
  readonly title: string
  readonly health: Health
  /** What was found, in a few words. */
  readonly found: string
  /** The command, or the line of the file, that mends it; null where nothing is to be mended. */
  readonly mend: string | null
  /** What `--fix` does about it; null where only a person can tell what is right. */
  readonly fix: Fix | null
}

/**
 * - `pin`: write the volumes' names into the Compose file
 * - `backup`: take a restore point
 */
export type Fix = 'pin' | 'backup'

/** All that a check-up rests on. */
export interface CheckUp {
  readonly facts: Facts
  /** What the rules have to say about `up -d`, each of them, also about the same holding. */
  readonly findings: readonly Finding[]
  /** The restore points of the project on this engine, newest first. */
  readonly points: readonly RestorePoint[]
  /** Volumes that nobody uses and that look like one of the project's, with what is in them. */
  readonly lookAlikes: readonly { readonly volume: VolumeFact; readonly contents: Contents }[]
  readonly survey: HostSurvey
  /** The store, where it lies on another machine. */
  readonly elsewhere: string | null
  readonly policy: Pick<Policy, 'maxAge'>
  readonly now: Date
  /** A command of ours on this project, as it is typed. */
  readonly line: (...words: readonly string[]) => string
}

/** The checklist, in the order in which a person would go through it. */
export function checkUp(up: CheckUp): readonly Check[] {
  return checksOf(up).map(check => ({ fix: null, ...check }))
}

/** Most can only be mended by somebody who knows the project. */
type CheckWithoutFix = Omit<Check, 'fix'> & Partial<Pick<Check, 'fix'>>

function checksOf(up: CheckUp): readonly CheckWithoutFix[] {
  return [
    ...ruleChecks.map(check => byRules(up, check)),
    recentRestorePoint(up),
    ...recentProof(up),
    wholeRestorePoints(up),
    schedule(up),
    room(up),
    ...stopGrace(up),
    sharedVolumes(up),
    lookAlikes(up),
    doors(up),
    versions(up),
  ]
}

/** Nagios' order: the worst of all checks, where what could not be told counts less than what is critical. */
export function worstHealth(checks: readonly Check[]): Health {
  const order: readonly Health[] = ['well', 'unknown', 'warning', 'critical']
  return checks.reduce<Health>(
    (worst, { health }) => (order.indexOf(health) > order.indexOf(worst) ? health : worst),
    'well',
  )
}

// ---- What the rules say ------------------------------------------------------------------------------------------

interface RuleCheck {
  readonly id: string
  readonly title: string
  readonly rules: readonly string[]
  /** What is said when no rule has anything to say. */
  readonly well: (facts: Facts) => string
}

const ruleChecks: readonly RuleCheck[] = [
  {
    id: 'data-in-volumes',
    title: 'data on named volumes',
    rules: ['uncovered-data-path', 'anonymous-data', 'writable-layer', 'tmpfs-on-data', 'relative-bind'],
    well: facts => listed(dataVolumes(facts).map(({ key }) => key)) || 'no service keeps a database',
  },
  {
    id: 'pinned',
    title: 'volumes pinned',
    rules: ['unpinned-name'],
    well: () => 'their names stay, wherever the directory goes',
  },
  {
    id: 'in-place',
    title: 'services find their data',
    rules: [
      'project-name-changed',
      'volume-identity-edit',
      'delayed-fuse',
      'younger-volume',
      'override-and-env-drift',
      'engine-switched',
      'project-collision',
      'external-missing',
      'bind-source-missing-or-moved',
      'bind-replaced',
      'pg18-volume-moved',
      'writable-dirs-by-env',
      'redis-appendonly-toggle',
      'subpath-ignored',
      'state-dir-follows-hostname',
    ],
    well: () => 'the next `up` starts on what is there',
  },
  {
    id: 'one-writer',
    title: 'one server for each volume',
    rules: ['two-writers'],
    well: () => 'no volume has two',
  },
  {
    id: 'images',
    title: 'images pinned',
    rules: ['floating-tag', 'db-major-upgrade', 'collation-switch', 'v1-containerconfig'],
    well: () => 'no database changes its version by itself',
  },
  {
    id: 'host-names',
    title: 'host names of databases',
    rules: ['ambiguous-database-host'],
    well: () => 'no name answers from two projects',
  },
]

/** The rules that the checklist goes through, for a test that each of them exists. */
export const rulesInCheckUp: readonly string[] = ruleChecks.flatMap(({ rules }) => rules)

function byRules(up: CheckUp, { id, title, rules, well }: RuleCheck): CheckWithoutFix {
  const found = up.findings.filter(finding => rules.includes(finding.rule))
  const worst = found.find(finding => finding.warning !== true) ?? found[0]
  if (worst === undefined) return { id, title, health: 'well', found: well(up.facts), mend: null }
  const others = found.length > 1 ? `; and ${plural(found.length - 1, 'more finding')}` : ''
  return {
    id,
    title,
    health: worst.warning === true || worst.outcome === 'recreated' ? 'warning' : 'critical',
    found: `${worst.because}${others}`,
    mend: mendOf(up, worst),
    fix: worst.rule === 'unpinned-name' ? 'pin' : null,
  }
}

function mendOf(up: CheckUp, finding: Finding): string {
  if (finding.rule === 'unpinned-name') return up.line('pin')
  const [remedy] = finding.remedies ?? []
  if (remedy?.kind === 'pin') return up.line('adopt', remedy.volume, '--as', remedy.key)
  if (remedy?.kind === 'advice') return remedy.line
  return finding.instead ?? up.line('explain', finding.rule)
}

// ---- Restore points ----------------------------------------------------------------------------------------------

function recentRestorePoint({ facts, points, policy, now, line }: CheckUp): CheckWithoutFix {
  const about = { id: 'restore-point', title: `restore point, last ${formatDuration(policy.maxAge)}` }
  const newest = points.find(point => point.state === 'good')
  if (dataVolumes(facts).length === 0 && newest === undefined)
    return { ...about, health: 'well', found: 'no service keeps a database', mend: null }
  if (newest === undefined)
    return { ...about, health: 'critical', found: 'there is none', mend: line('backup'), fix: 'backup' }
  const age = now.getTime() - Date.parse(newest.manifest.finishedAt)
  const found = `${newest.id}, ${formatAgeOf(newest.manifest.finishedAt, now)}`
  return age <= policy.maxAge
    ? { ...about, health: 'well', found, mend: null }
    : { ...about, health: 'warning', found, mend: line('backup'), fix: 'backup' }
}

/** Milliseconds for which a restore point that was tried speaks for the others. */
export const proofLasts = 30 * 86_400_000

/** Whether it is known that the databases come up on what was kept. Nothing to prove where nothing is kept. */
function recentProof({ facts, points, now, line }: CheckUp): readonly CheckWithoutFix[] {
  if (dataVolumes(facts).length === 0 || !points.some(({ state }) => state === 'good')) return []
  const about = { id: 'verified', title: 'verified, last 30 days' }
  const [newest] = points
    .flatMap(({ id, state, verified }) =>
      state === 'good' && verified?.well === true && verified.level === 'boot'
        ? [{ id, at: verified.at }]
        : [],
    )
    .toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))
  if (newest === undefined) return [{ ...about, health: 'warning', found: 'never', mend: line('verify') }]
  const found = `${newest.id}, ${formatAgeOf(newest.at, now)}`
  return [
    now.getTime() - Date.parse(newest.at) <= proofLasts
      ? { ...about, health: 'well', found, mend: null }
      : { ...about, health: 'warning', found, mend: line('verify') },
  ]
}

function wholeRestorePoints({ points, line }: CheckUp): CheckWithoutFix {
  const about = { id: 'whole', title: 'restore points whole' }
  const damaged = points.filter(point => point.state === 'damaged')
  if (damaged.length === 0) {
    const found = points.length === 0 ? 'there are none' : plural(points.length, 'restore point')
    return { ...about, health: 'well', found, mend: null }
  }
  const [first] = damaged
  return {
    ...about,
    health: 'critical',
    found: `${plural(damaged.length, 'damaged one')}: ${first?.id ?? ''}${first?.damage ? ` (${first.damage})` : ''}`,
    mend: line('show', first?.id ?? ''),
  }
}

function schedule({ survey, line }: CheckUp): CheckWithoutFix {
  const about = { id: 'schedule', title: 'automatic backups' }
  if (survey.schedules === null)
    return { ...about, health: 'unknown', found: 'the timers of this machine cannot be read', mend: null }
  if (survey.schedules.length > 0)
    return { ...about, health: 'well', found: listed(survey.schedules), mend: null }
  return {
    ...about,
    health: 'critical',
    found: 'no timer of this machine takes backups',
    mend: line('schedule', 'install'),
  }
}

const week = 7 * 86_400_000

/** Whether the disk has room for what the last week would need in another month. */
function room({ points, survey, elsewhere, now }: CheckUp): CheckWithoutFix {
  const about = { id: 'room', title: 'room for backups' }
  if (elsewhere !== null)
    return {
      ...about,
      health: 'well',
      found: `kept in ${elsewhere}, whose room is not seen from here`,
      mend: null,
    }
  const { free } = survey
  if (free === null)
    return { ...about, health: 'unknown', found: 'the store cannot be looked at', mend: null }
  const recent = points.filter(point => now.getTime() - Date.parse(point.manifest.finishedAt) <= week)
  const daily = recent.reduce((sum, point) => sum + point.bytes, 0) / 7
  const largest = Math.max(0, ...points.map(point => point.bytes))
  const found = `${formatBytes(free)} free${daily > 0 ? `, ${formatBytes(Math.round(daily))} a day` : ''}`
  if (free < 2 * largest)
    return {
      ...about,
      health: 'critical',
      found,
      mend: 'make room, or choose another place: store: /mnt/big',
    }
  return free < 30 * daily
    ? { ...about, health: 'warning', found, mend: 'make room, or choose another place: store: /mnt/big' }
    : { ...about, health: 'well', found, mend: null }
}

// ---- Services and volumes ----------------------------------------------------------------------------------------

/** Databases need longer than Docker's 10 seconds when they have much to write. Milliseconds. */
const enoughGrace = 30_000
const defaultGrace = 10_000

function stopGrace({ facts }: CheckUp): readonly CheckWithoutFix[] {
  return dataServices(facts).flatMap(service => {
    const grace = service.stopGracePeriod ?? defaultGrace
    const killed = serviceContainers(facts, service.name).some(
      container => container.state === 'exited' && container.details?.exitCode === 137,
    )
    if (grace >= enoughGrace && !killed) return []
    const last = killed ? '; at its last stop it was killed' : ''
    return [
      {
        id: `stop-grace-${service.name}`,
        title: `stop grace of ${service.name}`,
        health: 'warning' as const,
        found: `${formatDuration(grace)}${last}`,
        mend: 'stop_grace_period: 60s',
      },
    ]
  })
}

function sharedVolumes({ facts }: CheckUp): CheckWithoutFix {
  const about = { id: 'shared', title: 'volumes used by this project alone' }
  const own = new Set(dataVolumes(facts).map(({ name }) => name))
  const others = facts.containers
    .filter(container => container.project !== facts.project.name)
    .flatMap(container =>
      container.mounts.flatMap(mount =>
        mount.name !== null && own.has(mount.name) && !mount.readOnly
          ? `${container.name} (${mount.name})`
          : [],
      ),
    )
  return others.length === 0
    ? { ...about, health: 'well', found: 'nobody else writes to them', mend: null }
    : { ...about, health: 'warning', found: `also by ${listed(others)}`, mend: null }
}

function lookAlikes({ lookAlikes: found, line, now }: CheckUp): CheckWithoutFix {
  const about = { id: 'look-alikes', title: 'look-alike volumes' }
  const filled = found.filter(({ contents }) => !contents.empty)
  const [first] = filled
  if (first === undefined) return { ...about, health: 'well', found: 'none with data', mend: null }
  const { volume, contents } = first
  const facts = [
    contents.database?.label ?? null,
    contents.bytes === null ? null : formatBytes(contents.bytes),
    contents.lastWrite === null ? null : `last write ${formatAgeOf(contents.lastWrite, now)}`,
  ].filter(fact => fact !== null)
  const more = filled.length > 1 ? `; and ${filled.length - 1} more` : ''
  return {
    ...about,
    health: 'warning',
    found: `${volume.name}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}${more}`,
    mend: `if it is the lost one: ${line('adopt', volume.name)}`,
  }
}

/** Volumes of other projects, or of none, that carry the key or the ending of one of this project's, and that nobody uses. */
export function lookAlikeVolumes(facts: Facts): readonly VolumeFact[] {
  const own = dataVolumes(facts)
  const names = new Set((facts.model?.volumes ?? []).map(({ name }) => name))
  const used = new Set(facts.containers.flatMap(container => container.mounts.map(mount => mount.name)))
  return facts.volumes.filter(
    volume =>
      !names.has(volume.name) &&
      !used.has(volume.name) &&
      !volume.anonymous &&
      own.some(
        ({ key }) => volume.labels['com.docker.compose.volume'] === key || volume.name.endsWith(`_${key}`),
      ),
  )
}

function doors({ survey }: CheckUp): CheckWithoutFix {
  const about = { id: 'doors', title: 'what is typed leads here' }
  const [open] = typedDoors(survey.doors).filter(({ state }) => state !== 'guarded')
  return open === undefined
    ? { ...about, health: 'well', found: '`docker compose` and `docker-compose`', mend: null }
    : { ...about, health: 'warning', found: `${open.door} is ${open.state}: ${open.why}`, mend: open.mend }
}

function versions({ facts }: CheckUp): CheckWithoutFix {
  const about = { id: 'versions', title: 'versions' }
  const found = `Compose ${facts.compose.version}, Docker Engine ${facts.engine.version}`
  if (facts.compose.form === 'v1')
    return {
      ...about,
      health: 'warning',
      found: `${found}: Compose 1 gets no more fixes`,
      mend: 'install the plugin docker-compose-plugin',
    }
  return Number(facts.engine.version.split('.')[0]) < 23
    ? {
        ...about,
        health: 'warning',
        found: `${found}: there \`docker volume prune\` deletes named volumes too`,
        mend: 'Docker Engine 23 or later',
      }
    : { ...about, health: 'well', found, mend: null }
}

/** The services whose image is a known store. */
function dataServices(facts: Facts): readonly ServiceModel[] {
  return (facts.model?.services ?? []).filter(service => dataPathsOf(facts, service).length > 0)
}

function dataPathsOf(facts: Facts, service: ServiceModel): readonly string[] {
  const references = imageReferences(facts, service)
  const image = facts.images.find(each => each.references.some(reference => references.includes(reference)))
  return dataPathsOfContainer(service.image ?? '', image)
}

/** The volumes that services mount where a database keeps its data, by key and name. */
function dataVolumes(facts: Facts): readonly { readonly key: string; readonly name: string }[] {
  const volumes = facts.model?.volumes ?? []
  const keys = (facts.model?.services ?? []).flatMap(service => {
    const paths = dataPathsOf(facts, service)
    return service.mounts
      .filter(mount => mount.type === 'volume' && mount.source !== null)
      .filter(
        ({ target }) =>
          isDataPath(target) || paths.some(path => isWithin(path, target) || isWithin(target, path)),
      )
      .map(mount => mount.source)
  })
  return volumes.filter(({ key }) => keys.includes(key)).map(({ key, name }) => ({ key, name }))
}
