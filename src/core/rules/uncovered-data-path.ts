import type { Facts, ServiceModel } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { imageOfService, servicesBroughtUp } from '../coming-containers.ts'
import type { DataDirectory } from '../data-directory.ts'
import { dataDirectoryOf } from '../data-directory.ts'
import { isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { imageReferences } from '../recreation.ts'
import { effectiveSettings, isToldToKeepNothing } from '../settings.ts'
import { findUnseenData, holdingsOfUnseenData } from '../unseen-data.ts'
import { dataWords, placeWords, unseenFinding } from '../unseen-finding.ts'

/**
 * A server keeps its data where no line of the file mounts anything: nothing is mounted at all, or it is mounted one
 * path off (`/var/lib/postgresql` for PostgreSQL up to 17, `/var/lib/mariadb`, `/data` for MongoDB).
 *
 * The volume in the file looks right and stays empty; the data lies in an anonymous volume or in the container, and is
 * out of sight after `down`, `rm` or `up -V`. Once a volume that the service mounts holds the data, and the server
 * would not look there, it is hidden.
 */
export const uncoveredDataPath: Rule = {
  id: 'uncovered-data-path',
  title: 'a database keeps its data where the file mounts nothing',
  about:
    'No line of the file covers the directory in which the server keeps its data: nothing is mounted, or one path ' +
    'off. The data then lies in an anonymous volume or in the container itself. stop, restart and an ordinary ' +
    'recreation keep it; down, rm and up -V leave it behind. Mount a named volume at exactly that path.',
  versions: 'all',
  instead: 'volumes: [data:/its/data/path]',
  leadsTo: ['hidden', 'warning'],
  citations: [
    'docker-library/postgres#761',
    'docker-library/postgres#1289',
    'docker-library/postgres#103',
    'docker-library/docs#2505',
    'payloadcms/payload#15157',
  ],
  looksInto: holdingsOfUnseenData,
  check: (facts, invocation) => [...hiddenFindings(facts, invocation), ...warnings(facts, invocation)],
}

function hiddenFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return findUnseenData(facts, invocation)
    .filter(({ cause }) => cause === 'mount')
    .map(unseen => {
      const { service, looks } = unseen
      return unseenFinding('uncovered-data-path', unseen, invocation, {
        because:
          `${escapeName(service.name)} looks at ${escapeName(looks.path)}, where the file does not mount ` +
          `${placeWords(unseen)} with its ${dataWords(unseen)}: it would start empty`,
        ways: [lineFor(service, looks)],
      })
    })
}

function warnings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return servicesBroughtUp(facts, invocation).flatMap(service => {
    const image = imageOfService(facts, service)
    const reference = imageReferences(facts, service)[0] ?? ''
    const settings = effectiveSettings(service, image)
    const looks = dataDirectoryOf(reference, image, settings)
    if (looks === null || service.labels['safe-compose.backup'] === 'false') return []
    if (isToldToKeepNothing(settings)) return []
    return isCovered(service, looks) ? [] : [warningFor(service, looks)]
  })
}

/** By the deepest thing that is mounted above it, which must have a source: an anonymous volume loses its name. */
function isCovered({ mounts, tmpfs }: ServiceModel, { path, volume }: DataDirectory): boolean {
  if (tmpfs.some(target => isWithin(path, target))) return true
  const above = mounts.filter(mount => isWithin(path, mount.target))
  const deepest = above.toSorted((a, b) => b.target.length - a.target.length)[0]
  if (deepest === undefined || (deepest.type === 'volume' && deepest.source === null)) return false
  return volume === null || !isWithin(path, volume) || isWithin(deepest.target, volume)
}

function warningFor(service: ServiceModel, looks: DataDirectory): Finding {
  const name = escapeName(service.name)
  const where = looks.volume !== null && isWithin(looks.path, looks.volume) ? looks.volume : looks.path
  const off = nearMiss(service, looks)
  const lies = looks.volume === null ? 'in the container itself' : 'in an anonymous volume'
  return {
    rule: 'uncovered-data-path',
    outcome: 'orphaned',
    holding: { kind: 'layer', container: '', service: service.name, number: null, path: where },
    because:
      off === null
        ? `${name} keeps its data at ${escapeName(where)}, where the file mounts nothing with a name: it lies ${lies}, and down leaves it behind`
        : `${name} keeps its data at ${escapeName(where)}, and the file mounts ${escapeName(off.source)} at ${escapeName(off.target)}: the data lies ${lies}, and down leaves it behind`,
    evidence: [`no line of the file mounts a volume or a directory at ${escapeName(where)}`],
    usedBy: [name],
    instead: lineFor(service, looks),
    canBackUp: false,
    warning: true,
  }
}

/** What the file has to say: with the volume that is mounted one path off, or a new one. */
function lineFor(service: ServiceModel, looks: DataDirectory): string {
  const where = looks.volume !== null && isWithin(looks.path, looks.volume) ? looks.volume : looks.path
  const source = nearMiss(service, looks)?.source ?? `${service.name}_data`
  return `${service.name}: volumes: [${source}:${where}]`
}

/** Where people mount it by mistake, by the path that is meant. */
const mistakes: Readonly<Record<string, readonly string[]>> = {
  '/var/lib/postgresql/data': ['/var/lib/postgres', '/var/lib/pgsql', '/var/lib/pgsql/data'],
  '/var/lib/postgresql': ['/var/lib/postgres', '/var/lib/pgsql'],
  '/var/lib/mysql': ['/var/lib/mariadb', '/var/lib/mysql/data', '/var/mysql'],
  '/data/db': ['/var/lib/mongodb', '/var/lib/mongo', '/data/mongo', '/data/mongodb'],
  '/data': ['/var/lib/redis', '/redis', '/redis-data'],
}

function nearMiss(
  { mounts }: ServiceModel,
  { path, volume }: DataDirectory,
): { readonly source: string; readonly target: string } | null {
  const wrong = [...(mistakes[volume ?? path] ?? []), '/data']
  const found = mounts.find(
    mount =>
      mount.source !== null &&
      !mount.readOnly &&
      (mount.type === 'volume' || mount.type === 'bind') &&
      (isWithin(path, mount.target) || wrong.includes(mount.target)),
  )
  return found === undefined || found.source === null ? null : { source: found.source, target: found.target }
}
