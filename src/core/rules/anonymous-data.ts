import type { Facts } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { anonymousFinding, removedAnonymousFindings } from '../anonymous-finding.ts'
import { otherCommand } from '../command-line.ts'
import { isHandedOn } from '../expected-mount.ts'
import { anonymousVolumes } from '../holdings.ts'
import { isOn } from '../invocation.ts'
import { commandOf } from '../reach.ts'
import { findRecreations } from '../recreation.ts'
import { findRemovals } from '../removal.ts'
import type { Removal } from '../removal.ts'

/**
 * Data in an anonymous volume (the image declares a VOLUME that no line of the file covers) belongs to one container.
 *
 * `down --volumes` deletes it. `down`, `rm` and scaling down leave it behind without a name: the next `up` starts
 * empty. So does a new image without that VOLUME, and a named volume put in its place. It survives stop, restart and
 * an ordinary recreation.
 */
export const anonymousData: Rule = {
  id: 'anonymous-data',
  title: 'data in an anonymous volume goes with its container',
  about:
    'Where the image declares a VOLUME that the file does not cover, the data lies in an anonymous volume that only ' +
    'its container knows. `down --volumes` deletes it; `down`, `rm` and scaling down leave it behind without a name, ' +
    'and the next `up` starts empty. Stop, restart and an ordinary recreation keep it.',
  leadsTo: ['destroyed', 'orphaned'],
  versions: 'all',
  instead: 'stop, or volumes: [data:/its/data/path]',
  citations: [
    'docker-library/postgres#761',
    'docker-library/postgres#1289',
    'docker-library/docs#2505',
    'docker/compose#7444',
    'docker/compose#2912',
    'PostHog/posthog#2079',
    'mastodon/mastodon#1080',
  ],
  check: (facts, invocation, circumstances) => {
    const removals = findRemovals(facts, invocation, circumstances).filter(
      removal =>
        removal.by === 'down' || removal.by === 'scale' || (removal.by === 'rm' && !removal.withVolumes),
    )
    const words = { by: removalWords(invocation), instead: stopInstead(invocation, removals) }
    return [
      ...removedAnonymousFindings('anonymous-data', removals, { facts, invocation, circumstances }, words),
      ...droppedFindings(facts, invocation),
    ]
  },
}

function removalWords(invocation: Invocation): (removal: Removal) => string {
  return ({ by }) => {
    if (by === 'scale') return 'scaling down'
    return isOn(invocation, 'volumes') ? `${commandOf(invocation)} --volumes` : commandOf(invocation)
  }
}

/** To stop a service and keep its container keeps the data where it is. */
function stopInstead(invocation: Invocation, removals: readonly Removal[]): string | null {
  const services = [...new Set(removals.flatMap(({ container }) => container.service ?? []))]
  const whole = commandOf(invocation) === 'down' && invocation.args.length === 0
  return services.length === 0 ? null : otherCommand(invocation, ['stop', ...(whole ? [] : services)])
}

/** A recreated container is given the anonymous volume again only where its new image or the file still has it. */
function droppedFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return findRecreations(facts, invocation)
    .filter(recreation => recreation.inherits && recreation.certain)
    .flatMap(recreation =>
      anonymousVolumes(facts, recreation.container)
        .filter(({ mount }) => !isHandedOn(facts, recreation.service, mount.destination))
        .map(mounted =>
          anonymousFinding('anonymous-data', facts, recreation.container, mounted, {
            outcome: 'orphaned',
            by: `${commandOf(invocation)} recreates ${recreation.service.name}, and`,
            instead: null,
          }),
        ),
    )
}
