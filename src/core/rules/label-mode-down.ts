import type { Rule } from '../../model/finding.ts'
import { deletionFindings } from '../deletion-finding.ts'

/**
 * `-p NAME down --volumes` without `-f`, or with a file that cannot be read: Compose goes by the labels on the engine.
 *
 * Lost: every volume labelled with the project, also those that the file calls external, that no service uses any
 * more, or that belong to an inactive profile. The file in the directory is not read at all.
 */
export const labelModeDown: Rule = {
  id: 'label-mode-down',
  title: 'down --volumes by project name deletes every volume with the project’s label',
  about:
    'With -p NAME and no -f, or when the file cannot be read and COMPOSE_PROJECT_NAME is set, Compose goes by the ' +
    'labels on the engine: every volume labelled with the project goes, also external and unused ones and those of ' +
    'inactive profiles. Version 1 has no such mode.',
  leadsTo: ['destroyed'],
  versions: 'from 2.0',
  instead: 'down -v -f FILE -p NAME, or plain down',
  citations: ['docker/compose#8895', 'docker/compose#9074', 'docker/compose#9313'],
  check: (facts, invocation, circumstances) =>
    deletionFindings('label-mode-down', facts, invocation, circumstances),
}
