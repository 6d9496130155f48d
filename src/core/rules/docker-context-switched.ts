import type { Rule } from '../../model/finding.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'

/**
 * `docker context use` turns every later command to another engine. Where the data of this directory's project is on
 * the one that is turned away from, the next `up` starts empty.
 *
 * Nothing is lost by it, and it is taken back by `docker context use` with the other name.
 */
export const dockerContextSwitched: Rule = {
  id: 'docker-context-switched',
  judges: 'docker',
  title: 'docker context use turns away from the engine that has the data',
  about:
    'A context is remembered for every command to come, in every directory. The volumes stay on the engine where they ' +
    'are: the project of this directory would start anew on the other one.',
  leadsTo: ['warning'],
  versions: 'docker',
  instead: 'docker --context NAME …, for one command',
  citations: ['docker/desktop-linux#8', 'docker/compose#7330', 'docker/for-mac#5753'],
  check: (facts, invocation, { reach }) => {
    const ledger = reach?.leftBehind ?? null
    const missing = (ledger?.services ?? [])
      .flatMap(({ mounts }) => mounts)
      .filter(({ type, name }) => type === 'volume' && !facts.volumes.some(volume => volume.name === name))
    const [first] = missing
    if (ledger === null || first === undefined) return []
    const context = escapeName(invocation.args[0] ?? '')
    const names = listed([...new Set(missing.map(({ name }) => escapeName(name)))])
    return [
      {
        rule: 'docker-context-switched',
        outcome: 'hidden',
        holding: { kind: 'volume', name: first.name, createdAt: first.createdAt ?? '' },
        because: `the data of project ${escapeName(ledger.project)} (${names}) is on the engine at ${escapeName(ledger.host)}; the engine of context ${context} does not have it`,
        evidence: [
          `this directory's project used ${names} on engine ${escapeName(ledger.engine)} until ${ledger.updatedAt}`,
          `this is engine ${escapeName(facts.engine.id)} (${escapeName(facts.engine.host)})`,
        ],
        usedBy: [],
        instead: `docker --context ${context} … for one command`,
        canBackUp: false,
        warning: true,
      },
    ]
  },
}
