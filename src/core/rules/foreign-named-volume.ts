import type { Rule } from '../../model/finding.ts'
import { deletionFindings } from '../deletion-finding.ts'

/**
 * A volume that the file names without `external: true`, made by another project or by hand: our `down --volumes`
 * deletes it all the same, since Compose goes by the name alone.
 *
 * Lost: the volume, for the other project too. It survives only while a container of the other project holds it.
 */
export const foreignNamedVolume: Rule = {
  id: 'foreign-named-volume',
  title: 'down --volumes deletes a volume that another project made',
  about:
    'A volume with a name of its own and without `external: true` is deleted by name, whatever project its label ' +
    'says. It survives only while a container of another project holds it. Declare it external.',
  leadsTo: ['destroyed'],
  versions: 'all',
  instead: 'volumes: { KEY: { external: true, name: NAME } }',
  citations: ['docker/compose#9313', 'docker/compose#9074'],
  check: (facts, invocation, circumstances) =>
    deletionFindings('foreign-named-volume', facts, invocation, circumstances),
}
