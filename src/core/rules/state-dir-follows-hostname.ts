import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Contents, Holding } from '../../model/holding.ts'
import { identityOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import type { ComingContainer } from '../coming-containers.ts'
import { comingContainers, imageOfService } from '../coming-containers.ts'
import { dataDirectoryOf } from '../data-directory.ts'
import { escapeName } from '../escape.ts'
import { commandOf, serviceCatalogue } from '../reach.ts'
import { imageReferences } from '../recreation.ts'
import { findRemovals } from '../removal.ts'
import { effectiveSettings } from '../settings.ts'
import { holdingMountedAt } from '../unseen-data.ts'

/**
 * RabbitMQ names its data directory after its host (`mnesia/rabbit@HOSTNAME`), and without `hostname:` every new
 * container has another one.
 *
 * Recreated, or after `down` and `up`, it starts with no queues, users or messages; the old ones stay in the volume
 * under the old name. Stop and restart keep the hostname.
 */
export const stateDirFollowsHostname: Rule = {
  id: 'state-dir-follows-hostname',
  title: 'RabbitMQ without a fixed hostname starts empty in every new container',
  about:
    'RabbitMQ keeps its data in a directory that is named after its host. Without `hostname:` every new container has ' +
    'a new name: queues, users and messages stay in the volume, unseen. Stop and restart keep the name.',
  versions: 'all',
  instead: 'hostname: NAME, the one that the data is under',
  leadsTo: ['hidden', 'warning'],
  citations: [
    'rabbitmq/rabbitmq-server#8582',
    'docker-library/rabbitmq#6',
    'docker-library/rabbitmq#106',
    'docker-library/rabbitmq#391',
    'OpenCTI-Platform/docker#90',
  ],
  looksInto: (facts, invocation) => suspects(facts, invocation).map(({ holding }) => holding),
  check: (facts, invocation, circumstances) => [
    ...suspects(facts, invocation).flatMap(suspect => hiddenFinding(facts, suspect)),
    ...laterFindings(facts, invocation, circumstances),
  ],
}

interface Suspect {
  readonly coming: ComingContainer
  readonly holding: Holding
}

function suspects(facts: Facts, invocation: Invocation): readonly Suspect[] {
  return comingContainers(facts, invocation).flatMap(coming => {
    const holding = followsHostname(facts, coming)
    return holding === null ? [] : [{ coming, holding }]
  })
}

/** What a RabbitMQ whose name changes with its container keeps its data in; null for everything else. */
function followsHostname(facts: Facts, coming: ComingContainer): Holding | null {
  const { service } = coming
  const image = imageOfService(facts, service)
  const settings = effectiveSettings(service, image)
  if (service.hostname !== null || settings['RABBITMQ_NODENAME'] !== undefined) return null
  const looks = dataDirectoryOf(imageReferences(facts, service)[0] ?? '', image, settings)
  if (looks?.path !== '/var/lib/rabbitmq') return null
  return holdingMountedAt(facts, coming, looks)
}

function hiddenFinding(facts: Facts, { coming, holding }: Suspect): readonly Finding[] {
  const { service, replaces } = coming
  if (!mayHoldQueues(facts.contents[identityOfHolding(holding)], replaces !== null)) return []
  const name = escapeName(service.name)
  const hostname = replaces?.details?.hostname ?? null
  return [
    {
      ...shared(service.name, holding),
      because: `${name} has no hostname: in the file, and RabbitMQ keeps its data under its hostname: a new container has a new one and would start empty`,
      evidence:
        hostname === null
          ? ['its data was written by a container that is gone']
          : [`its data is under rabbit@${escapeName(hostname)}`],
      canBackUp: true,
      wouldUse: { name: 'a new directory for a new hostname', state: 'empty' },
      remedies: [{ kind: 'advice', line: adviceFor(service.name, hostname) }],
    },
  ]
}

function mayHoldQueues(contents: Contents | undefined, ran: boolean): boolean {
  if (contents === undefined) return ran
  return contents.database === null ? ran && contents.bytes === null : contents.database.label === 'RabbitMQ'
}

/** Taking the container away loses the name: the loss comes with the next `up`. */
function laterFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  return findRemovals(facts, invocation, circumstances)
    .filter(({ by }) => by === 'down' || by === 'rm')
    .flatMap(({ container }) => {
      const service = serviceCatalogue(facts).get(container.service ?? '')
      if (service === undefined || container.oneOff) return []
      const holding = followsHostname(facts, { service, replaces: container, inherits: true })
      if (holding === null) return []
      const hostname = container.details?.hostname ?? null
      return [
        {
          ...shared(service.name, holding),
          because: `${escapeName(service.name)} keeps its data under its hostname, which goes with its container: after ${commandOf(invocation)} and up RabbitMQ starts empty`,
          evidence: [`no hostname: in the file; the container's is ${escapeName(hostname ?? 'not known')}`],
          instead: adviceFor(service.name, hostname),
          canBackUp: false,
          warning: true as const,
        },
      ]
    })
}

function shared(
  service: string,
  holding: Holding,
): Pick<Finding, 'rule' | 'outcome' | 'holding' | 'usedBy' | 'instead'> {
  return {
    rule: 'state-dir-follows-hostname',
    outcome: 'hidden',
    holding,
    usedBy: [escapeName(service)],
    instead: null,
  }
}

function adviceFor(service: string, hostname: string | null): string {
  return hostname === null
    ? `write hostname: NAME into the service ${service}, NAME being what follows rabbit@ in the folder mnesia of its data`
    : `write hostname: ${hostname} into the service ${service}`
}
