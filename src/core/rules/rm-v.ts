import type { Rule } from '../../model/finding.ts'
import { removedAnonymousFindings } from '../anonymous-finding.ts'
import { commandLine, commandName } from '../command-line.ts'
import { keepTheData } from '../keep-the-data.ts'
import { findRemovals } from '../removal.ts'

/**
 * `rm -v` deletes the anonymous volumes of the containers that it removes.
 *
 * Named volumes stay, whatever the flag's name suggests. Without `--stop` only stopped containers are removed. `docker
 * rm -v` does the same, and Swarm to the containers of a stack or a service that is removed.
 */
export const rmV: Rule = {
  id: 'rm-v',
  judges: 'both',
  title: 'rm -v deletes the anonymous volumes of the containers',
  about:
    'Removes stopped containers (with --stop all of them) and deletes their anonymous volumes. Named volumes stay. ' +
    'Without -v the anonymous volumes stay behind without a name.',
  leadsTo: ['destroyed', 'destroyed-if-confirmed'],
  versions: 'all',
  instead: 'rm without -v',
  citations: ['docker/compose#5912', 'docker/compose#2838', 'docker/docs#18710'],
  check: (facts, invocation, circumstances) => {
    const kept = keepTheData(invocation)
    const removals = findRemovals(facts, invocation, circumstances).filter(
      removal => removal.by === 'rm' && removal.withVolumes,
    )
    return removedAnonymousFindings(
      'rm-v',
      removals,
      { facts, invocation, circumstances },
      {
        by: () => (invocation.form === 'docker' ? commandName(invocation) : 'rm -v'),
        instead: kept === null ? null : commandLine(invocation, kept),
      },
    )
  },
}
