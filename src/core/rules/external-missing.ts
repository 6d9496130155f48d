import type { Facts, VolumeFact, VolumeModel } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { escapeName } from '../escape.ts'
import { declaredVolume, seenIn } from '../expected-mount.ts'
import { keyOf } from '../former-name.ts'
import { formatBytes, listed } from '../format.ts'
import { volumeHolding } from '../holdings.ts'
import { findStarts } from '../starts.ts'

/**
 * The file counts on an external volume that this engine does not have. Compose says so and stops; version 1 even says
 * what to type, `docker volume create`, which makes an empty one and lets the application start without its data.
 *
 * Nothing is lost by it. What looks like the missing volume is named, so that nobody has to make one.
 */
export const externalMissing: Rule = {
  id: 'external-missing',
  title: 'an external volume is missing, and others look like it',
  about:
    'Compose stops by itself when an external volume is missing. The usual answer, `docker volume create`, makes an ' +
    'empty one. The volumes of this engine that look like the missing one and hold data are named.',
  versions: 'all',
  instead: 'volumes: { KEY: { external: true, name: THE_RIGHT_ONE } }',
  leadsTo: ['warning'],
  citations: ['docker/compose#6570'],
  looksInto: (facts, invocation) => missing(facts, invocation).flatMap(each => each.alike.map(volumeHolding)),
  check: (facts, invocation) => missing(facts, invocation).flatMap(each => findingFor(facts, each)),
}

interface Missing {
  readonly service: string
  readonly declared: VolumeModel
  readonly alike: readonly VolumeFact[]
}

function missing(facts: Facts, invocation: Invocation): readonly Missing[] {
  const found = findStarts(facts, invocation).flatMap(({ service }) =>
    service.mounts.flatMap(mount => {
      const declared =
        mount.type === 'volume' && mount.source !== null ? declaredVolume(facts, mount.source) : null
      if (declared?.external !== true) return []
      if (facts.volumes.some(volume => volume.name === declared.name)) return []
      return [{ service: service.name, declared, alike: alikeVolumes(facts, declared) }]
    }),
  )
  return found.filter(
    (each, index) => found.findIndex(other => other.declared.key === each.declared.key) === index,
  )
}

/** Those that are looked into are few: with more of them, the key says nothing. */
const mostAlike = 6

/** By name, which says much; or by the key alone, as long as few have it. */
function alikeVolumes(facts: Facts, { key, name }: VolumeModel): readonly VolumeFact[] {
  const named = facts.volumes.filter(volume => !volume.anonymous)
  const byName = named.filter(volume => isAlike(volume.name, name))
  if (byName.length > 0) return byName.slice(0, mostAlike)
  const byKey = named.filter(volume => keyOf(volume) === key || isAlike(volume.name, key))
  return byKey.length > mostAlike ? [] : byKey
}

/** The same name but for case and for what parts its words, or that with a project's name before it, on either side. */
function isAlike(volume: string, wanted: string): boolean {
  const [a, b] = [plain(volume), plain(wanted)]
  return (
    a === b || a.endsWith(`-${b}`) || b.endsWith(`-${a}`) || a.replaceAll('-', '') === b.replaceAll('-', '')
  )
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_.-]+/g, '-')
}

/** One finding for each missing volume, about the best of those that look like it. */
function findingFor(facts: Facts, { service, declared, alike }: Missing): readonly Finding[] {
  const filled = alike
    .flatMap(volume => {
      const contents = seenIn(facts, volumeHolding(volume))
      return contents === null || contents.empty ? [] : [{ volume, contents }]
    })
    .toSorted((a, b) => rank(b.contents) - rank(a.contents))
  const [best] = filled
  if (best === undefined) return []
  const words = filled.map(({ volume, contents }) => {
    const size = contents.bytes === null ? null : formatBytes(contents.bytes)
    const inside = [contents.database?.label, size].filter(each => each !== null && each !== undefined)
    return `${escapeName(volume.name)}${inside.length === 0 ? '' : ` (${inside.map(escapeName).join(', ')})`}`
  })
  const missed = escapeName(declared.name)
  const line = `volumes: { ${escapeName(declared.key)}: { external: true, name: ${escapeName(best.volume.name)} } } in the Compose file`
  return [
    {
      rule: 'external-missing',
      outcome: 'orphaned',
      holding: volumeHolding(best.volume),
      because: `${escapeName(service)} wants the external volume ${missed}, which this engine does not have; do not create an empty one before looking at ${listed(words)}`,
      evidence: words.map(word => `${word} looks like ${missed}`),
      usedBy: [escapeName(service)],
      instead: line,
      canBackUp: true,
      wouldUse: { name: declared.name, state: 'missing' },
      remedies: [{ kind: 'pin', key: declared.key, volume: best.volume.name }],
      warning: true,
    },
  ]
}

function rank({ database, lastWrite }: NonNullable<ReturnType<typeof seenIn>>): number {
  const written = lastWrite === null ? 0 : Date.parse(lastWrite)
  return written + (database === null ? 0 : 1e15)
}
