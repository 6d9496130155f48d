import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Circumstances, Finding, Outcome } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { escapeName } from './escape.ts'
import type { MountedVolume } from './holdings.ts'
import { anonymousHolding, anonymousVolumes, usersOf } from './holdings.ts'
import { isHelper } from './reach.ts'
import type { Removal } from './removal.ts'
import { findRemovals } from './removal.ts'

/** What a rule says about the anonymous volumes of containers that go: deleted with them, or left behind unnamed. */
export function removedAnonymousFindings(
  rule: string,
  removals: readonly Removal[],
  from: { readonly facts: Facts; readonly invocation: Invocation; readonly circumstances: Circumstances },
  words: { readonly by: (removal: Removal) => string; readonly instead: string | null },
): readonly Finding[] {
  const { facts, invocation, circumstances } = from
  const going = new Set([
    ...findRemovals(facts, invocation, circumstances).map(removal => removal.container.id),
    ...(circumstances.reach?.going ?? []),
  ])
  return removals.flatMap(removal =>
    anonymousVolumes(facts, removal.container)
      .filter(({ volume }) => !isHeld(facts, volume.name, going))
      .map(mounted => ({
        ...anonymousFinding(rule, facts, removal.container, mounted, {
          outcome:
            removal.withVolumes && isDeletedWith(removal.container, mounted) ? 'destroyed' : 'orphaned',
          by: words.by(removal),
          instead: words.instead,
        }),
        ...(removal.asked && circumstances.stdin === 'terminal' ? { composeAsks: true as const } : {}),
      })),
  )
}

/** The engine never deletes with a container what it mounts by name, as after a recreation all that it inherited. */
function isDeletedWith({ details }: ContainerFact, { mount }: MountedVolume): boolean {
  return details?.mountedByName?.includes(mount.destination) !== true
}

/** A volume that a remaining container mounts is neither deleted nor out of sight. */
function isHeld(facts: Facts, name: string, going: ReadonlySet<string>): boolean {
  return facts.containers.some(
    container =>
      !going.has(container.id) && !isHelper(container) && container.mounts.some(mount => mount.name === name),
  )
}

/** One anonymous volume. `by` says what the command does to it, up to the volume's own words. */
export function anonymousFinding(
  rule: string,
  facts: Facts,
  container: ContainerFact,
  mounted: MountedVolume,
  what: {
    readonly outcome: Outcome
    readonly by: string
    readonly instead: string | null
  },
): Finding {
  const path = escapeName(mounted.mount.destination)
  const name = escapeName(container.service ?? container.name)
  const end =
    what.outcome === 'destroyed'
      ? `deletes the data of ${name} at ${path}, which lies in an anonymous volume`
      : `leaves the data of ${name} at ${path} in an anonymous volume that nothing points to any more`
  return {
    rule,
    outcome: what.outcome,
    holding: anonymousHolding(container, mounted),
    because: `${what.by} ${end}`,
    evidence: [
      `container ${escapeName(container.name)} mounts it at ${path}`,
      `anonymous volume ${escapeName(mounted.volume.name)}, created ${mounted.volume.createdAt}`,
    ],
    usedBy: usersOf(facts, mounted.volume).map(escapeName),
    instead: what.instead,
    canBackUp: true,
  }
}
