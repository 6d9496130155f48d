import { commandOf } from '../docker/commands.ts'
import { isCompose } from './docker-programs.ts'
import type { Mount } from './find-commands.ts'
import { programOf } from './words.ts'
import { afterOptions, isKnownProgram, optionValues, type Wrapper } from './wrappers.ts'

/** What `docker exec` and `docker run` run inside. */
export interface ContainerLine {
  readonly mounts: readonly Mount[]
  /** Where it runs; null where the line does not say so. */
  readonly directory: string | null
  readonly command: readonly string[]
}

/** Null for a line that runs nothing in a container, or where it reaches neither an engine nor data of the host's. */
export function readContainerLine(program: string, words: readonly string[]): ContainerLine | null {
  const at = words.findIndex(word => word === 'exec' || word === 'run')
  if (at < 0) return null
  const line = words.slice(at)
  const end = afterOptions(line, runOptions)
  const options = line.slice(1, end)
  const image = line[end - 1] ?? ''
  // A service has what its file gives it, which is not known here.
  const isOpenWorld = line[0] === 'exec' || isCompose(program) || words.slice(0, at).includes('compose')
  const reachesEngine =
    isOpenWorld || line.some(word => /docker\.sock|podman\.sock|DOCKER_HOST|^--privileged/.test(word))
  const mounts = mountsIn(options)
  const hasData = mounts.length > 0 || options.some(word => word.startsWith('--volumes-from'))
  if (!reachesEngine && !hasData) return null
  const entrypoint = optionValues(options, ['--entrypoint'])[0]?.split(/\s+/) ?? []
  const command = [...entrypoint, ...line.slice(end)]
  // Options are for what the image starts, which often has its name; docker's takes docker's words as they are.
  const [, starts = ''] = /([^/:@]+)(?::[^/]*)?$/.exec(image) ?? []
  const isForImage =
    starts === 'docker' ? !isKnownProgram(programOf(command[0] ?? '')) : command[0]?.startsWith('-')
  const isItself = line[0] === 'run' && isForImage === true
  return {
    mounts,
    directory: optionValues(options, ['-w', '--workdir'], switches).at(-1) ?? null,
    command: isItself ? [starts, ...command] : command,
  }
}

const switches = 'ditPqT'

/** Docker's, which are nearly Compose's as well; behind them the image, container or service. */
const runOptions: Wrapper = {
  letters: valueFlags(2).join(''),
  long: [...valueFlags(1), 'index', 'env-from-file'],
  own: 1,
}

/** The names (1) or letters (2) of the flags of `docker run` that take a value. */
function valueFlags(group: 1 | 2): readonly string[] {
  const { flags = '' } = commandOf(['container', 'run']) ?? {}
  return [...flags.matchAll(/([\w-]+)(?:,(\w))?=/g)].flatMap(found => found[group] ?? [])
}

/** `-v SOURCE:TARGET`, `--mount source=…,target=…`, as far as the container can write there. */
function mountsIn(words: readonly string[]): readonly Mount[] {
  const short = optionValues(words, ['-v', '--volume'], switches).map(value => {
    const [source = '', target = '', mode = ''] = value.split(':')
    return { source, target, isReadOnly: mode.split(',').includes('ro') }
  })
  const long = optionValues(words, ['--mount']).map(value => {
    const pairs = new Map(value.split(',').map(pair => pairOf(pair)))
    return {
      source: pairs.get('source') ?? pairs.get('src') ?? '',
      target: pairs.get('target') ?? pairs.get('dst') ?? pairs.get('destination') ?? '',
      isReadOnly: pairs.has('readonly') || pairs.has('ro'),
    }
  })
  return [...short, ...long]
    .filter(({ target, isReadOnly }) => target.startsWith('/') && !isReadOnly)
    .map(({ source, target }) => ({ source, target: target.replace(/\/$/, '') }))
}

function pairOf(text: string): readonly [string, string] {
  const [name = '', value = ''] = text.split('=')
  return [name, value]
}
