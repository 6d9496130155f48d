import type { ContainerFact, Facts, ServiceModel, Settings } from '../../model/facts.ts'
import type { Finding, Remedy, Rule } from '../../model/finding.ts'
import type { Contents, Holding } from '../../model/holding.ts'
import { identityOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { otherCommand } from '../command-line.ts'
import type { ComingContainer } from '../coming-containers.ts'
import { comingContainers, imageOfService } from '../coming-containers.ts'
import { dataDirectoryOf } from '../data-directory.ts'
import { escapeName } from '../escape.ts'
import { imageReferences } from '../recreation.ts'
import { effectiveSettings } from '../settings.ts'
import { holdingMountedAt } from '../unseen-data.ts'

/**
 * `--appendonly yes` is added to a Redis whose data is in a snapshot (`dump.rdb`).
 *
 * With the log switched on Redis reads the log and nothing else, and makes an empty one where there is none: it comes
 * up empty beside the snapshot. Its next shutdown writes a new snapshot over the old one, and then the data is gone.
 * Switched on in the running server first (`CONFIG SET appendonly yes`), it writes a log that holds everything.
 */
export const redisAppendonlyToggle: Rule = {
  id: 'redis-appendonly-toggle',
  title: 'Redis with appendonly switched on ignores its snapshot, and then overwrites it',
  about:
    'Started with --appendonly yes Redis reads its log only. Where there is none it starts empty, although dump.rdb ' +
    'holds the data, and overwrites dump.rdb at its next shutdown. Switch the log on in the running server first.',
  versions: 'all',
  instead: 'exec SERVICE redis-cli CONFIG SET appendonly yes, then change the file',
  leadsTo: ['hidden', 'warning'],
  citations: ['redis/redis#1826', 'redis/redis#12762', 'redis-stack/redis-stack#517', 'goharbor/harbor#7764'],
  looksInto: (facts, invocation) => suspects(facts, invocation).map(({ holding }) => holding),
  check: (facts, invocation) =>
    suspects(facts, invocation).flatMap(suspect => {
      const contents = facts.contents[identityOfHolding(suspect.holding)]
      if (holdsSnapshotOnly(contents)) return [hiddenFinding(suspect, invocation)]
      return mayHoldInMemory(contents, suspect.coming) ? [memoryFinding(suspect, invocation)] : []
    }),
}

interface Suspect {
  readonly coming: ComingContainer
  readonly holding: Holding
}

/** A Redis that will be started with the log, on a volume that has been used without, as far as can be told. */
function suspects(facts: Facts, invocation: Invocation): readonly Suspect[] {
  return comingContainers(facts, invocation).flatMap(coming => {
    const { service, replaces } = coming
    const image = imageOfService(facts, service)
    const settings = effectiveSettings(service, image)
    if (!keepsLog(settings) || (replaces !== null && keepsLog(settingsOf(facts, replaces)))) return []
    const looks = dataDirectoryOf(imageReferences(facts, service)[0] ?? '', image, settings)
    if (looks?.kind !== 'redis') return []
    const holding = holdingMountedAt(facts, coming, looks)
    return holding === null ? [] : [{ coming, holding }]
  })
}

function keepsLog(settings: Settings): boolean {
  return settings['--appendonly']?.toLowerCase() === 'yes'
}

function settingsOf(facts: Facts, container: ContainerFact): Settings {
  const image = facts.images.find(each => each.id === container.imageId)
  return { ...image?.settings, ...container.details?.settings }
}

function holdsSnapshotOnly(contents: Contents | undefined): boolean {
  const persistence = contents?.database?.persistence
  return persistence?.snapshot === true && !persistence.log
}

/** A Redis that runs may not have written its first snapshot yet: it does when it is stopped. */
function mayHoldInMemory(contents: Contents | undefined, { replaces }: ComingContainer): boolean {
  return replaces?.state === 'running' && contents?.database?.persistence?.log !== true
}

function hiddenFinding({ coming, holding }: Suspect, invocation: Invocation): Finding {
  const name = escapeName(coming.service.name)
  return {
    ...shared(coming, holding),
    because: `${name} would be started with --appendonly yes, and its data is in dump.rdb alone: Redis reads its log only, starts empty, and overwrites dump.rdb at its next shutdown`,
    evidence: ['dump.rdb is there', 'neither appendonlydir nor appendonly.aof is there'],
    instead: switchOn(coming.service, coming.replaces, invocation),
    canBackUp: true,
    wouldUse: { name: 'a new log (appendonlydir) beside dump.rdb', state: 'empty' },
    remedies: ways(coming.service, coming.replaces),
  }
}

function memoryFinding({ coming, holding }: Suspect, invocation: Invocation): Finding {
  const name = escapeName(coming.service.name)
  return {
    ...shared(coming, holding),
    because: `${name} would be started with --appendonly yes: what it holds in memory now is written to dump.rdb, which it then does not read`,
    evidence: ['no log (appendonlydir, appendonly.aof) was seen'],
    instead: switchOn(coming.service, coming.replaces, invocation),
    canBackUp: false,
    warning: true,
  }
}

function shared(
  { service }: ComingContainer,
  holding: Holding,
): Pick<Finding, 'rule' | 'outcome' | 'holding' | 'usedBy'> {
  return {
    rule: 'redis-appendonly-toggle',
    outcome: 'hidden',
    holding,
    usedBy: [escapeName(service.name)],
  }
}

/** In the server that runs, before it is replaced: it then writes a log that holds everything. */
function switchOn(
  service: ServiceModel,
  replaces: ContainerFact | null,
  invocation: Invocation,
): string | null {
  if (replaces?.state !== 'running') return null
  return otherCommand(invocation, ['exec', service.name, 'redis-cli', 'CONFIG', 'SET', 'appendonly', 'yes'])
}

function ways(service: ServiceModel, replaces: ContainerFact | null): readonly Remedy[] {
  const first = replaces?.state === 'running' ? '' : `start ${service.name} without --appendonly yes, then `
  return [
    {
      kind: 'advice',
      line: `${first}switch the log on in the running server (redis-cli CONFIG SET appendonly yes), wait until it is written, then run this again`,
    },
  ]
}
