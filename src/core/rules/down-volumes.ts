import type { Rule } from '../../model/finding.ts'
import { deletionFindings } from '../deletion-finding.ts'

/**
 * `down --volumes` deletes every named volume of the project, and asks nothing.
 *
 * Lost: the volumes that the enabled services use and that are not external; with version 1 those of inactive
 * profiles too. Kept: external volumes, volumes that a container outside of the command still holds, volumes that are
 * only a name for a directory or a network share.
 */
export const downVolumes: Rule = {
  id: 'down-volumes',
  title: 'down --volumes deletes the named volumes of the project',
  about:
    'Deletes every named volume that the enabled services use (version 1: every volume of the file). Compose asks ' +
    'nothing and keeps nothing. External volumes stay, and so does a volume that another container still holds.',
  leadsTo: ['destroyed'],
  versions: 'all',
  instead: 'down (without -v)',
  citations: [
    'docker/compose#9313',
    'docker/compose#8895',
    'docker/compose#9074',
    'docker/compose#9281',
    'docker/compose#2838',
    'docker-library/postgres#203',
  ],
  check: (facts, invocation, circumstances) =>
    deletionFindings('down-volumes', facts, invocation, circumstances),
}
