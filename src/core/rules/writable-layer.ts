import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { otherCommand } from '../command-line.ts'
import { dataPathsOfContainer, isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { commandOf, serviceCatalogue } from '../reach.ts'
import { findRecreations, imageReferences } from '../recreation.ts'
import { findRemovals } from '../removal.ts'

/**
 * A database without any mount at its data path keeps its data in the container's own writable layer.
 *
 * Lost at every removal and every recreation: `down`, `rm`, a changed line in the file, a new image, another version
 * of Compose. Kept by stop, restart and an `up` that changes nothing. Only known stores whose image declares no VOLUME
 * are meant; what other containers write beside their mounts is taken for logs and caches.
 */
export const writableLayer: Rule = {
  id: 'writable-layer',
  title: 'a database keeps its data in the container itself, which goes',
  about:
    'Without a mount at its data path, and without a VOLUME in its image, a database keeps its data in the writable ' +
    'layer of its container. That is lost whenever the container is removed or recreated. Stop, restart and an ' +
    'unchanged `up` keep it. Give it a volume: `volumes: [data:/its/data/path]`.',
  citations: ['docker/compose#2912', 'docker/docs#18710', 'sourcegraph/deploy-sourcegraph-docker#68'],
  check: (facts, invocation, circumstances) => {
    const gone = [
      ...findRemovals(facts, invocation, circumstances).map(({ container, asked }) => ({
        container,
        how: 'removes',
        asked: asked && circumstances.stdin === 'terminal',
      })),
      ...findRecreations(facts, invocation).map(({ container, certain, why }) => ({
        container,
        how: `${certain ? 'recreates' : 'may recreate'} (${why})`,
        asked: false,
      })),
    ]
    return gone.flatMap(({ container, how, asked }) => {
      const path = pathInLayer(facts, container)
      if (path === null) return []
      const name = escapeName(container.service ?? container.name)
      return [
        {
          rule: 'writable-layer',
          outcome: 'destroyed',
          holding: {
            kind: 'layer',
            container: container.id,
            service: container.service,
            number: container.number,
            path,
          },
          because: `${commandOf(invocation)} ${how} the container of ${name}, and its data at ${path} lies in the container itself`,
          evidence: [
            `container ${escapeName(container.name)} mounts nothing at ${path}`,
            `image ${escapeName(container.image)} is a known store`,
          ],
          usedBy: [name],
          instead: otherCommand(invocation, ['stop', container.service ?? '']),
          canBackUp: false,
          ...(asked ? { composeAsks: true as const } : {}),
        } satisfies Finding,
      ]
    })
  },
}

/** Where a known store writes into its own layer; null for other images, for covered paths, and if it never ran. */
function pathInLayer(facts: Facts, container: ContainerFact): string | null {
  if (container.oneOff || container.state === 'created') return null
  const image = facts.images.find(each => each.id === container.imageId)
  const paths = dataPathsOfContainer(referenceOf(facts, container), image)
  const covered = [...container.mounts.map(mount => mount.destination), ...(container.details?.tmpfs ?? [])]
  const isCovered = paths.some(path => covered.some(destination => isWithin(path, destination)))
  return isCovered ? null : (paths[0] ?? null)
}

/** The image's name; when its tag has moved on the engine gives only the id, and the file may still know the name. */
function referenceOf(facts: Facts, container: ContainerFact): string {
  if (!/^(sha256:)?[0-9a-f]{12,64}$/.test(container.image)) return container.image
  const service = serviceCatalogue(facts).get(container.service ?? '')
  return service === undefined ? '' : (imageReferences(facts, service)[0] ?? '')
}
