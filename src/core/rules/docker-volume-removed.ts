import type { Facts, VolumeFact } from '../../model/facts.ts'
import type { Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { commandLine, commandName } from '../command-line.ts'
import { escapeName } from '../escape.ts'
import { volumeHolding } from '../holdings.ts'
import { keepTheData } from '../keep-the-data.ts'

/**
 * `docker volume rm`, `docker volume prune` and `docker system prune --volumes` delete volumes that no container has.
 *
 * A stopped project's volumes are such: after `down` nothing holds them. Before Docker 23 (API 1.42) both prunes take
 * named volumes too; since then `volume prune` does so with -a. Kept: what a container still has, volumes of other
 * drivers, volumes with options, and what a filter keeps.
 */
export const dockerVolumeRemoved: Rule = {
  id: 'docker-volume-removed',
  judges: 'docker',
  title: 'docker volume rm and prune delete volumes that no container has',
  about:
    'After `down` no container has the volumes of a project, so `docker volume rm` takes each of them without a ' +
    'question, and `docker volume prune -a` takes all. Before Docker 23 (API 1.42) `volume prune` and `system prune ' +
    '--volumes` take named volumes without being told to; since then only anonymous ones. Volumes that a container ' +
    'still has stay, also where it is stopped.',
  leadsTo: ['destroyed', 'destroyed-if-confirmed'],
  versions: 'docker',
  instead: 'docker volume prune (without -a), docker system prune (without --volumes)',
  citations: ['moby/moby#31757', 'moby/moby#44216', 'docker/cli#4028', 'docker/cli#4079'],
  check: (facts, invocation, { reach, stdin }) => {
    const names = new Set(reach?.volumes ?? [])
    return facts.volumes
      .filter(volume => names.has(volume.name))
      .map(volume => ({
        rule: 'docker-volume-removed',
        outcome: 'destroyed',
        holding: volumeHolding(volume),
        because: becauseOf(facts, invocation, volume),
        evidence: [
          `volume ${escapeName(volume.name)}, created ${volume.createdAt}`,
          'no container has it that stays',
        ],
        usedBy: servicesOf(facts, volume),
        instead: insteadOf(invocation),
        canBackUp: true,
        ...(reach?.asked === true && stdin === 'terminal' ? { composeAsks: true as const } : {}),
      }))
  },
}

function becauseOf(facts: Facts, invocation: Invocation, volume: VolumeFact): string {
  const services = servicesOf(facts, volume)
  const whose = services.length === 0 ? '' : `, which ${services.join(', ')} used`
  return `${commandName(invocation)} deletes ${escapeName(volume.name)}${whose}`
}

/** Nothing has it any more: who had it is only remembered. */
function servicesOf(facts: Facts, { name, createdAt }: VolumeFact): readonly string[] {
  return (facts.ledger?.services ?? [])
    .filter(({ mounts }) => mounts.some(mount => mount.name === name && mount.createdAt === createdAt))
    .map(({ service }) => escapeName(service))
}

function insteadOf(invocation: Invocation): string | null {
  const kept = keepTheData(invocation)
  return kept === null ? null : commandLine(invocation, kept)
}
