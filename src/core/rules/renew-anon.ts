import type { Rule } from '../../model/finding.ts'
import { anonymousFinding } from '../anonymous-finding.ts'
import { commandLine } from '../command-line.ts'
import { anonymousVolumes } from '../holdings.ts'
import { isOn } from '../invocation.ts'
import { keepTheData } from '../keep-the-data.ts'
import { commandOf } from '../reach.ts'
import { findRecreations } from '../recreation.ts'

/**
 * `up -V` gives every recreated container new, empty anonymous volumes.
 *
 * The old ones stay behind without a name. From 2.29.3 on, and with version 1, it also recreates every selected
 * service, changed or not; in between it concerns only those that are recreated anyway.
 */
export const renewAnon: Rule = {
  id: 'renew-anon',
  title: 'up -V starts with new, empty anonymous volumes',
  about:
    'Recreated containers get new anonymous volumes; the old ones stay behind without a name. From 2.29.3 on, and ' +
    'with version 1, every selected service is recreated for it, changed or not. Named volumes stay.',
  leadsTo: ['orphaned'],
  versions: 'all; from 2.29.3 also where nothing changed',
  instead: 'up without --renew-anon-volumes',
  citations: ['docker/compose#12116', 'docker/compose#5596', 'docker/compose#2127', 'docker/compose#8303'],
  check: (facts, invocation) => {
    if (commandOf(invocation) !== 'up' || !isOn(invocation, 'renew-anon-volumes')) return []
    const kept = keepTheData(invocation)
    return findRecreations(facts, invocation).flatMap(({ container }) =>
      anonymousVolumes(facts, container).map(mounted =>
        anonymousFinding('renew-anon', facts, container, mounted, {
          outcome: 'orphaned',
          by: 'up --renew-anon-volumes',
          instead: kept === null ? null : commandLine(invocation, kept),
        }),
      ),
    )
  },
}
