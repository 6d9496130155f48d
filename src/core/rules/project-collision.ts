import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { deletedVolumes } from '../deleted-volumes.ts'
import { isStorePath } from '../displaced.ts'
import { escapeName } from '../escape.ts'
import { expectedAt, isExpected, isMadeHere, standsStill } from '../expected-mount.ts'
import { mountedVolumes, volumeHolding } from '../holdings.ts'
import { commandOf, projectContainers } from '../reach.ts'
import { findRemovals } from '../removal.ts'
import { findStarts } from '../starts.ts'

/**
 * Two directories, one project name: `~/a/docker` and `~/b/docker`, `my.app` and `MyApp`, a pinned `name:` in every
 * worktree. For Compose they are the same project. `up` in one replaces the containers of the other and starts on its
 * data, `down -v` deletes the other's volumes, `--remove-orphans` its containers.
 */
export const projectCollision: Rule = {
  id: 'project-collision',
  title: 'another directory uses the same project name',
  about:
    'Compose knows a project by its name alone, which usually is the directory’s. From a second directory of that ' +
    'name `up` replaces the containers of the first and takes its volumes, and `down -v` deletes them. Where the ' +
    'name was chosen (-p, COMPOSE_PROJECT_NAME, name:) the directories may be releases or checkouts of one ' +
    'project: then it is a warning. A directory that is gone was moved, and links to the same one do not count.',
  versions: 'all',
  instead: '-p A_NAME_OF_ITS_OWN up -d',
  leadsTo: ['destroyed', 'corrupted', 'warning'],
  citations: [
    'docker/compose#3490',
    'docker/compose#9742',
    'docker/compose#12288',
    'docker/compose#3573',
    'taikoxyz/taiko-mono#14475',
    'the-open-engine/zeroshot#543',
    'the-open-engine/zeroshot#549',
  ],
  check: (facts, invocation, circumstances) => {
    const strangers = projectContainers(facts).filter(container => isFromElsewhere(facts, container))
    if (strangers.length === 0) return []
    return [
      ...deletions(facts, invocation, circumstances, strangers),
      ...takeovers(facts, invocation, strangers),
      ...removals(facts, invocation, circumstances, strangers),
    ]
  },
}

/** Made in another directory, which stands and is not this one under another path. */
function isFromElsewhere(facts: Facts, container: ContainerFact): boolean {
  const directory = container.workingDirectory
  if (directory === null || facts.project.directory === null || isMadeHere(facts, container)) return false
  return standsStill(facts, directory) === 'stands'
}

/** `down --volumes` by the shared name: it deletes what somebody else owns. */
function deletions(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  strangers: readonly ContainerFact[],
): readonly Finding[] {
  return deletedVolumes(facts, invocation, circumstances).flatMap(({ volume }) => {
    const owner = strangers.find(container => container.mounts.some(mount => mount.name === volume.name))
    if (owner === undefined) return []
    const name = escapeName(volume.name)
    return [
      {
        rule: 'project-collision',
        outcome: 'destroyed' as const,
        holding: volumeHolding(volume),
        because: `${commandOf(invocation)} --volumes deletes ${name}, which belongs to the project of the same name in ${directoryOf(owner)}`,
        evidence: evidenceOf(facts, owner, name),
        usedBy: [escapeName(owner.service ?? owner.name)],
        instead: null,
        canBackUp: true,
      },
    ]
  })
}

/** A new container of this directory's service would take the place of the other's, and its data. */
function takeovers(
  facts: Facts,
  invocation: Invocation,
  strangers: readonly ContainerFact[],
): readonly Finding[] {
  return findStarts(facts, invocation).flatMap(({ service, replaced }) => {
    const expects = (container: ContainerFact): readonly Finding[] =>
      mountedVolumes(facts, container)
        .filter(({ mount, volume }) => !mount.readOnly && !volume.anonymous)
        .filter(({ mount }) => isExpected(expectedAt(facts, service, mount.destination), mount))
        .filter(({ mount }) => isStorePath(facts, service, container.image, mount.destination))
        .map(({ volume }) =>
          takeover(facts, service.name, container, volumeHolding(volume), replaced.length > 0),
        )
    return strangers
      .filter(container => replaced.length === 0 || replaced.some(each => each.container === container))
      .flatMap(expects)
  })
}

function takeover(
  facts: Facts,
  service: string,
  owner: ContainerFact,
  holding: ReturnType<typeof volumeHolding>,
  isReplaced: boolean,
): Finding {
  const name = escapeName(holding.name)
  const isChosen = facts.project.namedBy !== 'directory'
  const does = isReplaced ? `takes the place of container ${escapeName(owner.name)} and writes` : 'writes'
  return {
    rule: 'project-collision',
    outcome: 'corrupted',
    holding,
    because: `${escapeName(service)} of ${escapeName(facts.project.directory ?? '')} ${does} to ${name}, the data of the project of the same name in ${directoryOf(owner)}`,
    evidence: evidenceOf(facts, owner, name),
    usedBy: [escapeName(owner.service ?? owner.name)],
    instead: 'a name of its own: -p NAME, COMPOSE_PROJECT_NAME, or name: in the Compose file',
    canBackUp: true,
    remedies: [{ kind: 'advice', line: 'name: A_NAME_OF_ITS_OWN as the first line of the Compose file' }],
    ...(isChosen ? { warning: true as const } : {}),
  }
}

/** `down`, `rm` and `--remove-orphans` take the other's containers away; its named volumes stay. */
function removals(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  strangers: readonly ContainerFact[],
): readonly Finding[] {
  const others = findRemovals(facts, invocation, circumstances).filter(({ container }) =>
    strangers.includes(container),
  )
  return others.map(({ container }) => ({
    rule: 'project-collision',
    outcome: 'orphaned' as const,
    holding: {
      kind: 'layer' as const,
      container: container.id,
      service: container.service,
      number: container.number,
      path: '/',
    },
    because: `${commandOf(invocation)} removes container ${escapeName(container.name)} of the project of the same name in ${directoryOf(container)}`,
    evidence: evidenceOf(facts, container, escapeName(container.name)),
    usedBy: [escapeName(container.service ?? container.name)],
    instead: null,
    canBackUp: false,
    warning: true as const,
  }))
}

function directoryOf({ workingDirectory }: ContainerFact): string {
  return escapeName(workingDirectory ?? '')
}

function evidenceOf(facts: Facts, owner: ContainerFact, what: string): readonly string[] {
  return [
    `container ${escapeName(owner.name)} of project ${escapeName(facts.project.name)} was made in ${directoryOf(owner)}`,
    `this is ${escapeName(facts.project.directory ?? '')}, and ${what} is not from here`,
  ]
}
