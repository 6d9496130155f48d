import type { Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import { isWithin } from '../data-paths.ts'
import { declaredData } from '../declared-data.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'

/**
 * A store keeps its data in a folder of the project's own directory (`./pgdata`).
 *
 * `git clean -x` deletes it, and a new checkout, a release directory or a renamed project starts on an empty folder.
 */
export const relativeBind: Rule = {
  id: 'relative-bind',
  title: "a database lies in the project's own directory",
  about:
    'A bind mount written relative to the Compose file (./pgdata) lies among the files of the project: git clean -x ' +
    'deletes it, and every other checkout of the project starts on an empty folder of its own.',
  versions: 'all',
  instead: 'a named volume, or an absolute path outside of the project',
  leadsTo: ['warning'],
  citations: ['docker/compose#2781', 'docker/compose#12176', 'docs.docker.com/engine/storage/bind-mounts'],
  check: (facts, invocation) => {
    const { directory } = facts.project
    if (directory === null) return []
    const inside = declaredData(facts, invocation).filter(
      ({ holding }) => holding.kind === 'bind' && isWithin(holding.source, directory),
    )
    const services = [...new Set(inside.map(({ service }) => escapeName(service.name)))]
    return inside.map(({ holding, service }) => ({
      rule: 'relative-bind',
      outcome: 'orphaned',
      holding,
      because: `the data of ${listed(services)} lies in the project's own directory: git clean takes it away, a new checkout starts empty`,
      evidence: [`${escapeName(service.name)} keeps its data in ${escapeName(nameOfHolding(holding))}`],
      usedBy: [escapeName(service.name)],
      instead: 'a named volume, or a path outside of the project',
      canBackUp: true,
      warning: true,
    }))
  },
}
