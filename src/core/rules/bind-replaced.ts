import type { ContainerFact, Facts, MountFact } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { escapeName } from '../escape.ts'
import { isSeenInside, placeInside } from '../places.ts'
import { hasDataAt } from '../server-data.ts'
import type { StoppedContainer } from '../stopped-containers.ts'
import { stoppedContainers } from '../stopped-containers.ts'

/**
 * A directory was replaced under a running container: renamed and made anew, mounted over, or its disk unmounted.
 *
 * The container goes on with the old one, which may have no other name any more. As soon as it stops, its hold on it is
 * gone, and at the next start it sees what stands at the path then. It is the one way in which a plain `restart`
 * empties a database.
 */
export const bindReplaced: Rule = {
  id: 'bind-replaced',
  title: 'a directory was replaced under a running container',
  about:
    'A running container holds on to the directory that it was started with, even if another one stands at that path ' +
    'now (renamed, mounted over, its disk unmounted). Once it stops it lets go, and starts on the other. Put the old ' +
    'directory back first, or copy the data out of the running container.',
  versions: 'all; seen by root, with the engine on the same machine',
  instead: 'exec SERVICE tar -cf - -C /its/data . > rescue.tar, then put the directory back',
  leadsTo: ['hidden', 'warning'],
  citations: ['docker/for-linux#147'],
  check: (facts, invocation, circumstances) =>
    stoppedContainers(facts, invocation, circumstances).flatMap(stopped =>
      stopped.container.mounts
        .filter(mount => mount.type === 'bind' && !mount.readOnly)
        .flatMap(mount => findingFor(facts, stopped, mount)),
    ),
}

function findingFor(
  facts: Facts,
  { container, how }: StoppedContainer,
  mount: MountFact,
): readonly Finding[] {
  const state = stateOutside(facts, container, mount)
  if (state === null) return []
  const isData = hasDataAt(facts, container, mount.destination) || isRemembered(facts, container, mount)
  // Code and pages are put in the place of older ones on purpose.
  if (!isData && state === 'filled') return []
  const counts = isData && isSeenInside(facts, container)
  const name = escapeName(container.service ?? container.name)
  const source = escapeName(mount.source)
  const advice = `first save what the running container still sees: docker exec ${container.name} tar -cf - -C ${mount.destination} . > rescue.tar; then put the directory back at ${mount.source}`
  return [
    {
      rule: 'bind-replaced',
      outcome: 'hidden',
      holding: { kind: 'bind', source: mount.source, service: container.service, path: mount.destination },
      because: `${name} runs on a directory that is not at ${source} any more; once it stops it lets go of it, and ${how === 'restarts' ? 'it starts' : 'starts later'} on ${otherWords[state]}`,
      evidence: [
        `container ${escapeName(container.name)} sees another directory at ${escapeName(mount.destination)} than stands at ${source} now`,
      ],
      usedBy: [name],
      instead: counts ? null : advice,
      canBackUp: false,
      ...(counts
        ? { wouldUse: { name: mount.source, state }, remedies: [{ kind: 'advice', line: advice }] }
        : { warning: true }),
    },
  ]
}

const otherWords = {
  missing: 'an empty one that the engine makes',
  empty: 'an empty one',
  filled: 'another one',
} as const

/** What stands at the path now, where the container sees something else and has something in it; null otherwise. */
function stateOutside(
  facts: Facts,
  container: ContainerFact,
  { source, destination }: MountFact,
): keyof typeof otherWords | null {
  const outside = facts.places[source]
  const inside = facts.places[placeInside(container, destination) ?? '']
  if (outside === undefined || inside === undefined || inside.state !== 'filled') return null
  if (inside.id === null || inside.id === outside.id) return null
  return outside.state === 'missing' || outside.state === 'empty' || outside.state === 'filled'
    ? outside.state
    : null
}

/** A database was seen there, whatever the image is called. */
function isRemembered(facts: Facts, container: ContainerFact, { destination }: MountFact): boolean {
  const mounts = facts.ledger?.services.find(each => each.service === container.service)?.mounts ?? []
  return mounts.some(mount => mount.destination === destination && mount.database !== null)
}
