import type { Rule } from '../../model/finding.ts'
import { deletionFindings } from '../deletion-finding.ts'

/**
 * `down --volumes SERVICE` deletes more than the volumes of that service.
 *
 * Before 2.29 it tries every volume of the project, from then on those of the service and of everything that it
 * depends on. Spared is only what a remaining container holds. Version 1 rejects the command.
 */
export const downVService: Rule = {
  id: 'down-v-service',
  title: 'down --volumes SERVICE reaches the volumes of other services',
  about:
    'Before 2.29 every volume of the project is tried, from then on those of the service and of its dependencies. ' +
    'Only a volume that a remaining container holds is spared. Version 1 rejects the command.',
  leadsTo: ['destroyed'],
  versions: 'from 2.0; before 2.29 all volumes of the project',
  instead: 'rm -fs SERVICE',
  citations: ['docker/compose#9313', 'docker/compose#2838'],
  check: (facts, invocation, circumstances) =>
    deletionFindings('down-v-service', facts, invocation, circumstances),
}
