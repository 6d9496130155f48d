import type { Danger, DockerLine } from '../../model/docker-line.ts'
import { escapeName } from '../escape.ts'

/**
 * What a line says by itself that it destroys, where nobody can look at the engine; null for one that destroys nothing
 * that is there already. A line that goes to Compose is judged by Compose's grammar, not here.
 */
export function endangers(line: DockerLine): Danger | null {
  if (line.outcome !== 'run') return null
  const isOn = (flag: string): boolean => line.flags[flag] === 'true'
  const named = line.args.map(escapeName).join(', ')
  const several = line.args.length > 1
  switch (line.command.join(' ')) {
    case 'volume rm':
      return { kind: 'volumes', what: `volume${several ? 's' : ''} ${named}` }
    case 'volume prune':
      return {
        kind: 'volumes',
        what: mayBeNamed(line)
          ? 'every unused volume'
          : 'every unused anonymous volume, before Docker 23 every unused volume',
      }
    case 'system prune':
      return isOn('volumes')
        ? {
            kind: 'volumes',
            what: 'every stopped container and every unused anonymous volume, before Docker 23 every unused volume',
          }
        : { kind: 'containers', what: 'every stopped container' }
    case 'container prune':
      return { kind: 'containers', what: 'every stopped container' }
    case 'container rm':
      return isOn('link') ? null : containers(named, several, isOn('volumes'))
    case 'stack rm':
      return { kind: 'anonymous', what: `the containers of stack ${named}, with their anonymous volumes` }
    case 'service rm':
      return { kind: 'anonymous', what: `the containers of service ${named}, with their anonymous volumes` }
    default:
      return null
  }
}

function containers(named: string, several: boolean, withVolumes: boolean): Danger {
  const what = `container${several ? 's' : ''} ${named}`
  if (!withVolumes) return { kind: 'containers', what }
  return { kind: 'anonymous', what: `${what} with ${several ? 'their' : 'its'} anonymous volumes` }
}

/** `-a`, or the filter that it stands for. */
function mayBeNamed({ flags }: DockerLine): boolean {
  const filters = [flags['filter'] ?? []].flat()
  return flags['all'] === 'true' || filters.some(filter => /^all=(1|t|true)$/i.test(filter.trim()))
}
