import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Rule } from '../../model/finding.ts'
import type { Holding } from '../../model/holding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { isWithin } from '../data-paths.ts'
import { deletedVolumes } from '../deleted-volumes.ts'
import { escapeName } from '../escape.ts'
import { anonymousHolding, anonymousVolumes, volumeHolding } from '../holdings.ts'
import { globalList, globalText } from '../invocation.ts'
import { commandOf } from '../reach.ts'
import { findRemovals } from '../removal.ts'

/**
 * `down -v` in a folder that has no Compose file acts on the project of a folder above it.
 *
 * Compose looks upwards until it finds a file. Whoever types it in what they take for a project of its own deletes the
 * volumes of the one above. What would be done is judged as anywhere else; this only names the project and its folder.
 */
export const downInParent: Rule = {
  id: 'down-in-parent',
  title: 'down -v acts on the project of a folder above',
  about:
    'Where a folder has no Compose file, Compose takes the next one above it. down -v and rm -v then delete the ' +
    'volumes of that project, whatever the folder is called in which they are typed.',
  versions: 'all',
  instead: 'docker compose ls, to see which project is meant; down without -v',
  leadsTo: ['warning'],
  citations: ['docker/compose#946'],
  check: (facts, invocation, circumstances) => {
    const parent = foundAbove(facts, invocation, circumstances)
    if (parent === null) return []
    return deletedHoldings(facts, invocation, circumstances).map(holding => ({
      rule: 'down-in-parent',
      outcome: 'destroyed',
      holding,
      because: `there is no Compose file in ${escapeName(circumstances.directory)}: this is project ${escapeName(facts.project.name)} of ${escapeName(parent)}`,
      evidence: [
        `${commandOf(invocation)} deletes ${escapeName(nameOfHolding(holding))} of ${escapeName(parent)}`,
      ],
      usedBy: [],
      instead: null,
      canBackUp: true,
      warning: true,
    }))
  },
}

/** The folder above in which Compose finds its file; null where the file was named, or lies here. */
function foundAbove(
  facts: Facts,
  invocation: Invocation,
  { directory, variables }: Circumstances,
): string | null {
  const parent = facts.project.directory
  const isNamed =
    globalList(invocation, 'file').length > 0 ||
    (globalText(invocation, 'project-directory') ?? globalText(invocation, 'workdir') ?? '') !== '' ||
    (variables['COMPOSE_FILE'] ?? '') !== ''
  if (isNamed || facts.target === 'labels' || facts.model === null || parent === null) return null
  return isWithin(directory, parent) && !isWithin(parent, directory) ? parent : null
}

function deletedHoldings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Holding[] {
  const named = deletedVolumes(facts, invocation, circumstances).map(({ volume }) => volumeHolding(volume))
  const anonymous = findRemovals(facts, invocation, circumstances)
    .filter(({ by, withVolumes }) => withVolumes && (by === 'down' || by === 'rm'))
    .flatMap(({ container }) =>
      anonymousVolumes(facts, container).map(mounted => anonymousHolding(container, mounted)),
    )
  return [...named, ...anonymous]
}
