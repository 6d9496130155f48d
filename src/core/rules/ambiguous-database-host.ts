import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { dataPathsOfContainer } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'
import { isDryRun } from '../invocation.ts'
import { commandOf, isHelper, reachedServices } from '../reach.ts'
import { imageOfContainer, imageOfService, mountedData, servedData } from '../served-data.ts'

/**
 * On a network that several projects share, a service name such as `db` answers from each of them.
 *
 * Docker hands out the addresses in turn: one connection goes to the own database, the next to the other's. It looks
 * like lost or strange rows, and what is written goes astray. A project's own default network is its own.
 */
export const ambiguousDatabaseHost: Rule = {
  id: 'ambiguous-database-host',
  title: 'a host name such as db answers from two projects on a shared network',
  about:
    'Every service answers by its name on every network that it is attached to. Where two projects share one, `db` is ' +
    'both databases in turn: an application reads and writes now here, now there. Nothing fails, rows seem to be lost.',
  versions: 'all',
  instead:
    'a name of its own (aliases: [shop-db] on the shared network), or no shared network for the database',
  leadsTo: ['warning'],
  citations: ['docker/compose#8223', 'docker/compose#8935', 'moby/moby#41961', 'ddev/ddev#8390'],
  check: (facts, invocation) => {
    if (isDryRun(invocation) || !['up', 'create', 'run', 'scale', 'watch'].includes(commandOf(invocation)))
      return []
    return reachedServices(facts, invocation).flatMap(({ service }) => {
      const own = dataPathsOfContainer(service.image ?? '', imageOfService(facts, service))
      const shared = facts.containers.flatMap(container => {
        const network = container.networks.find(
          each => isNamed(each) && service.networks?.includes(each) === true,
        )
        const isOther =
          container.project !== null &&
          container.project !== facts.project.name &&
          container.service === service.name
        if (network === undefined || !isOther || isHelper(container) || !isUp(container)) return []
        return own.length > 0 || isStore(facts, container) ? [{ container, network }] : []
      })
      const [first] = shared
      if (first === undefined) return []
      const { container, network } = first
      return [
        findingFor(facts, service.name, container, network, servedData(facts, service, null)[0]?.holding),
      ]
    })
  },
}

function findingFor(
  facts: Facts,
  service: string,
  container: ContainerFact,
  network: string,
  own: Finding['holding'] | undefined,
): Finding {
  const name = escapeName(service)
  const projects = [facts.project.name, container.project ?? ''].map(escapeName)
  const holding = own ??
    mountedData(facts, container)[0]?.holding ?? {
      kind: 'layer',
      container: container.id,
      service,
      number: container.number,
      path: '/',
    }
  return {
    rule: 'ambiguous-database-host',
    outcome: 'hidden',
    holding,
    because: `on the network ${escapeName(network)} the name ${name} answers from ${listed(projects)}, now the one, now the other`,
    evidence: [
      `container ${escapeName(container.name)} of project ${projects[1]} is on ${escapeName(network)} as ${name}`,
    ],
    usedBy: [name],
    instead: `aliases: [${projects[0]}-${name}] for ${name} on ${escapeName(network)}, and that name in the applications`,
    canBackUp: true,
    warning: true,
  }
}

/** On Docker's own networks nobody answers by a name. */
function isNamed(network: string): boolean {
  return network !== 'bridge' && network !== 'host' && network !== 'none'
}

function isUp({ state }: ContainerFact): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

function isStore(facts: Facts, container: ContainerFact): boolean {
  return dataPathsOfContainer(container.image, imageOfContainer(facts, container)).length > 0
}
