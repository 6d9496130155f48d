import { formatAgeOf } from '../format.ts'
import { formerHomes, isLeft, userOf } from './former-homes.ts'
import type { FormerHome } from './former-homes.ts'
import { databasePlaces } from './places.ts'
import type { DatabasePlace } from './places.ts'
import type { Seen, Situation, Way } from './situation.ts'
import { figuresWords } from '../figures.ts'
import { contentsWords, isBlank, standing, volumeWords } from './volumes.ts'
import { countedIn, keptIn, keptWords, restoreWays, wayOf } from './ways.ts'

/**
 * Services that run, or would start, on another database than they had: by what is remembered of them, of the names that
 * their directory had before, by backups, and by volumes that were left behind. What `besides` names is told already.
 */
export function connectedElsewhere(seen: Seen, besides: ReadonlySet<string>): readonly Situation[] {
  return databasePlaces(seen).flatMap(place => {
    const found = formerHomes(seen, place)
      .filter(({ name }) => !besides.has(name))
      .map(former => ({ former, ways: waysBack(seen, place, former), left: isLeft(seen, former) }))
    const [first] = found.filter(({ former, ways, left }) => isWorthIt(place, former, ways, left))
    return first === undefined ? [] : [situationOf(seen, place, first)]
  })
}

/**
 * With nothing in its place and the data gone it was deleted, which is another situation. A likeness counts only while
 * there is something to connect.
 */
function isWorthIt(place: DatabasePlace, former: FormerHome, ways: readonly Way[], left: boolean): boolean {
  if (former.type === 'bind') return former.certain
  if (left) return ways.length > 0 || former.certain
  return former.certain && place.createdAt !== null
}

function waysBack(seen: Seen, place: DatabasePlace, former: FormerHome): readonly Way[] {
  if (former.type !== 'volume') return []
  const { service, key } = place
  const isDeclared = seen.facts.model?.services.some(({ name }) => name === service) === true
  const services = isDeclared ? [service] : []
  const adopt = wayOf({
    label: `connect ${former.name} again`,
    deed: { kind: 'adopt', volume: former.name, key },
    does: `writes its name into the Compose file (the change is shown first) and starts ${service} on it; both volumes are saved first`,
    services,
    point: null,
  })
  const to = former.name === place.name || place.type === 'bind' ? null : place.name
  const restore = restoreWays(seen, former, { services, to })
  return [...(key !== null && isLeft(seen, former) ? [adopt] : []), ...restore]
}

function situationOf(
  seen: Seen,
  place: DatabasePlace,
  {
    former,
    ways,
    left,
  }: { readonly former: FormerHome; readonly ways: readonly Way[]; readonly left: boolean },
): Situation {
  const { service } = place
  const runs = place.container?.state === 'running'
  const isFresh = place.contents?.empty === true || (place.server !== null && isBlank(place.server))
  const what = isFresh ? 'a fresh, empty database' : 'another database than it had'
  const verb = runs ? 'runs on' : 'would start on'
  return {
    kind: 'wrong-database',
    service,
    title: `${service} ${verb} ${place.createdAt === null && place.type === 'volume' ? 'a new, empty volume' : what}`,
    evidence: [
      nowWords(seen, place, verb),
      ...formerWords(seen, place, former, left),
      former.evidence,
      ...(left ? [] : keptLines(seen, former)),
    ],
    ways,
    volumes: [place, former].flatMap(({ type, name }) => (type === 'volume' ? [name] : [])),
  }
}

function keptLines(seen: Seen, former: FormerHome): readonly string[] {
  if (former.type === 'bind') return []
  const lines = keptIn(seen, former).map(kept => keptWords(seen, kept, former.name))
  return lines.length === 0 ? ['no restore point holds it'] : lines.slice(0, 2)
}

function nowWords(seen: Seen, place: DatabasePlace, verb: string): string {
  const { service, name, createdAt, server } = place
  if (place.type === 'bind') return `${service} ${verb} the directory ${name}`
  if (createdAt === null) return `${service} ${verb} ${volumeWords(name)}, which does not exist yet`
  const inIt =
    server?.label != null
      ? [server.label, figuresWords(server.figures)]
      : contentsWords(place.contents, seen.now).slice(0, 2)
  const words = inIt.length === 0 ? '' : `: ${inIt.join(', ')}`
  return `${service} ${verb} ${volumeWords(name)}, made ${formatAgeOf(createdAt, seen.now)}${words}`
}

function formerWords(seen: Seen, place: DatabasePlace, former: FormerHome, left: boolean): readonly string[] {
  const { name } = former
  if (former.type === 'bind')
    return [`its data was in the directory ${name}: put ${name}:${place.path} back among its volumes`]
  const user = left || standing(seen, name, former.createdAt) === null ? null : userOf(seen.facts, name)
  if (user !== null) return [`${volumeWords(name)} is in use by container ${user.name}: stop that one first`]
  if (!left) return [`${volumeWords(name)} as it was is not on this engine any more`]
  const [kept] = keptIn(seen, former)
  const counted = kept === undefined ? [] : countedIn(kept.point, name)
  const saved =
    kept === undefined || counted.length === 0
      ? ''
      : `; with ${counted.join(' and ')} when it was saved ${formatAgeOf(kept.point.manifest.finishedAt, seen.now)}`
  const inIt = contentsWords(seen.contents.get(name), seen.now)
  return [`${volumeWords(name)} holds ${inIt.join(', ') || 'what nobody could look into'}${saved}`]
}
