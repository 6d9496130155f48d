import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { commandName, otherCommand } from '../command-line.ts'
import { escapeName } from '../escape.ts'
import { findRecreations } from '../recreation.ts'
import { findRemovals } from '../removal.ts'
import { layersOf } from '../writable-layers.ts'

/**
 * A database without any mount at its data path keeps its data in the container's own writable layer.
 *
 * Lost at every removal and every recreation: `down`, `rm`, a changed line in the file, a new image, another version
 * of Compose. Kept by stop, restart and an `up` that changes nothing. Only known stores whose image declares no VOLUME
 * are meant; what other containers write beside their mounts is taken for logs and caches.
 */
export const writableLayer: Rule = {
  id: 'writable-layer',
  judges: 'both',
  title: 'a database keeps its data in the container itself, which goes',
  about:
    'Without a mount at its data path, and without a VOLUME in its image, a database keeps its data in the writable ' +
    'layer of its container. That is lost whenever the container is removed or recreated. Stop, restart and an ' +
    'unchanged `up` keep it. Give it a volume: `volumes: [data:/its/data/path]`.',
  leadsTo: ['destroyed'],
  versions: 'all',
  instead: 'volumes: [data:/its/data/path]',
  citations: ['docker/compose#2912', 'docker/docs#18710', 'sourcegraph/deploy-sourcegraph-docker#68'],
  check: (facts, invocation, circumstances) => {
    const gone = [
      ...findRemovals(facts, invocation, circumstances).map(({ container, asked }) => ({
        container,
        how: 'removes',
        asked: asked && circumstances.stdin === 'terminal',
      })),
      ...recreationsOf(facts, invocation).map(({ container, certain, why }) => ({
        container,
        how: `${certain ? 'recreates' : 'may recreate'} (${why})`,
        asked: false,
      })),
    ]
    return gone.flatMap(({ container, how, asked }) =>
      layersOf(facts, container).map((holding): Finding => {
        const name = escapeName(container.service ?? container.name)
        const path = escapeName(holding.path)
        return {
          rule: 'writable-layer',
          outcome: 'destroyed',
          holding,
          because: `${commandName(invocation)} ${how} the container of ${name}, and its data at ${path} lies in the container itself`,
          evidence: [
            `container ${escapeName(container.name)} mounts nothing at ${path}`,
            `image ${escapeName(container.image)} is a known store`,
          ],
          usedBy: [name],
          instead: otherCommand(invocation, ['stop', stoppedBy(invocation, container)]),
          canBackUp: true,
          ...(asked ? { composeAsks: true as const } : {}),
        }
      }),
    )
  },
}

/** The docker CLI recreates nothing. */
function recreationsOf(facts: Facts, invocation: Invocation): ReturnType<typeof findRecreations> {
  return invocation.form === 'docker' ? [] : findRecreations(facts, invocation)
}

/** Compose stops services, docker containers. */
function stoppedBy({ form }: Invocation, { service, name }: ContainerFact): string {
  return form === 'docker' ? name : (service ?? '')
}
