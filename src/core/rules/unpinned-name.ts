import type { Facts } from '../../model/facts.ts'
import type { Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { DeclaredData } from '../declared-data.ts'
import { declaredData } from '../declared-data.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'

/**
 * A store's volume is called after the directory of the project: `shop_pgdata` in `/srv/shop`.
 *
 * When the directory is renamed, moved to another place or checked out anew, the name is another one, and the
 * application starts on an empty volume. The data stays in the old one.
 */
export const unpinnedName: Rule = {
  id: 'unpinned-name',
  title: 'the names of volumes follow the name of the directory',
  about:
    'Without a top-level name: in the file, the project is called after its directory, and its volumes after the ' +
    'project. In a renamed or copied directory Compose makes new, empty volumes, and the old data is out of sight.',
  versions: 'all',
  instead: 'name: shop at the top of the Compose file',
  leadsTo: ['warning'],
  citations: ['docker/compose#5406', 'docker/compose#5874', 'docker/compose#4002', 'wger-project/docker#93'],
  check: (facts, invocation) => {
    if (facts.project.namedBy !== 'directory') return []
    const unpinned = declaredData(facts, invocation).filter(data => isUnpinned(facts, data))
    const names = [...new Set(unpinned.map(({ holding }) => escapeName(nameOfHolding(holding))))]
    return unpinned.map(({ holding, service }) => ({
      rule: 'unpinned-name',
      outcome: 'orphaned',
      holding,
      because: `${listed(names)} ${names.length === 1 ? 'is' : 'are'} named after this directory: under another name the project starts empty`,
      evidence: [`no name: in the Compose file of ${escapeName(facts.project.name)}`],
      usedBy: [escapeName(service.name)],
      instead: `name: ${escapeName(facts.project.name)} at the top of the Compose file`,
      canBackUp: true,
      warning: true,
    }))
  },
}

function isUnpinned(facts: Facts, { holding }: DeclaredData): boolean {
  if (holding.kind !== 'volume') return false
  const declared = facts.model?.volumes.find(({ name }) => name === holding.name)
  const { name: project, pinned } = facts.project
  return (
    declared?.external === false &&
    declared.name === `${project}_${declared.key}` &&
    !pinned.includes(declared.key)
  )
}
