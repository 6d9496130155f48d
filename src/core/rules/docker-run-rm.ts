import type { Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { dataPathsOfContainer, isWithin } from '../data-paths.ts'
import { runsStore } from '../docker/runs-store.ts'
import { escapeName } from '../escape.ts'
import { flagList, flagText, isOn } from '../invocation.ts'

/**
 * `docker run --rm` with a database and nothing mounted at its data path: when the container ends, the engine deletes
 * it, and its anonymous volumes with it.
 *
 * Nothing that is there already is lost; what the container is going to write is. Only meant where the image's own
 * server runs: a client from the same image keeps nothing.
 */
export const dockerRunRm: Rule = {
  id: 'docker-run-rm',
  judges: 'docker',
  title: 'docker run --rm deletes what the database writes, as soon as it ends',
  about:
    'With --rm the engine removes the container when it ends, together with its writable layer and its anonymous ' +
    'volumes: `docker stop` is enough. A database needs a volume with a name at its data path.',
  leadsTo: ['warning'],
  versions: 'docker',
  instead: '-v data:/its/data/path',
  citations: ['docker/cli#5084', 'docker/cli#4188'],
  check: (facts, invocation) => {
    const [reference = ''] = invocation.args
    if (!runsStore(invocation.args) || !isOn(invocation, 'rm')) return []
    const image = facts.images.find(({ references }) => references.includes(reference))
    const [path] = uncovered(dataPathsOfContainer(reference, image), invocation)
    if (path === undefined) return []
    const name = escapeName(flagText(invocation, 'name') ?? reference)
    return [
      {
        rule: 'docker-run-rm',
        outcome: 'destroyed',
        holding: { kind: 'layer', container: '', service: null, number: null, path, owner: name },
        because: `--rm deletes ${name} when it ends, with all that it keeps at ${escapeName(path)}`,
        evidence: [`nothing is mounted at ${escapeName(path)}`],
        usedBy: [],
        instead: `-v NAME:${escapeName(path)} gives it a volume that stays`,
        canBackUp: false,
        warning: true,
      },
    ]
  },
}

/** None where one of them is covered: the data lies in one of several places. */
function uncovered(paths: readonly string[], invocation: Invocation): readonly string[] {
  if (flagList(invocation, 'volumes-from').length > 0) return []
  const targets = mountTargets(invocation)
  return paths.some(path => targets.some(target => isWithin(path, target))) ? [] : paths
}

/** Where something is mounted that stays: an anonymous volume (`-v /data`) does not. */
function mountTargets(invocation: Invocation): readonly string[] {
  const byVolume = flagList(invocation, 'volume').flatMap(text => {
    const [source = '', target] = text.split(':')
    return source === '' || target === undefined ? [] : [target]
  })
  const byMount = flagList(invocation, 'mount').flatMap(text => {
    const fields = new Map(
      text.split(',').map(field => {
        const [key = '', value = ''] = field.split('=')
        return [key, value] as const
      }),
    )
    const target = fields.get('target') ?? fields.get('destination') ?? fields.get('dst')
    const isNamed = fields.get('type') === 'tmpfs' || fields.has('source') || fields.has('src')
    return target === undefined || !isNamed ? [] : [target]
  })
  const byTmpfs = flagList(invocation, 'tmpfs').map(text => text.split(':')[0] ?? '')
  return [...byVolume, ...byMount, ...byTmpfs].filter(target => target !== '')
}
