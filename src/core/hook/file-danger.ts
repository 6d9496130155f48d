import { isDataPath } from '../data-paths.ts'
import { programOf } from './words.ts'
import type { FoundCommand, Mount } from './find-commands.ts'

/** What a command does to files that are docker's data or our restore points; null for one that leaves them alone. */
export interface FileDanger {
  readonly path: string
  /** `volume`: what a container has in a volume. */
  readonly whose: 'docker' | 'store' | 'volume'
}

export function fileDanger(command: FoundCommand, home: string | null): FileDanger | null {
  const { words, directory, mounts } = command
  const program = programOf(words[0] ?? '')
  const paths = removedPaths(program, words.slice(1))
  for (const typed of paths) {
    const path = absolute(typed, directory)
    const whose = mounts === null ? ownerOf(path, home) : ownerInside(path, mounts, home)
    if (whose !== null) return { path: typed, whose }
  }
  return null
}

/** The words that name what is removed; none for a program that removes nothing. */
function removedPaths(program: string, words: readonly string[]): readonly string[] {
  const named = words.filter(word => !word.startsWith('-'))
  switch (program) {
    case 'rm':
    case 'shred':
    case 'srm':
    case 'unlink':
    case 'trash':
    case 'trash-put':
      return named
    case 'truncate':
      return named
    case 'mv':
      return named.slice(0, -1)
    case 'rsync':
      return words.some(word => word.startsWith('--del')) ? named.slice(-1) : []
    case 'find': {
      const end = words.findIndex(word => word.startsWith('-'))
      return words.includes('-delete') ? words.slice(0, end < 0 ? undefined : end) : []
    }
    default:
      return []
  }
}

function absolute(path: string, directory: string | null): string {
  const whole = path.startsWith('/') || directory === null ? path : `${directory}/${path}`
  const parts: string[] = []
  for (const part of whole.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '.' && (part !== '' || parts.length === 0)) parts.push(part)
  return parts.join('/')
}

/** Also where the folder above is removed. `*` stands for everything in a folder. */
function ownerOf(path: string, home: string | null): FileDanger['whose'] | null {
  const plain = path.replace(/(\/\*|\/\.\*|\/)+$/, '')
  const isIn = (folder: string): boolean => plain === folder || plain.startsWith(`${folder}/`)
  if (storeFolders(home).some(folder => isIn(folder))) return 'store'
  const isAbove = engineFolders(home).some(
    folder => plain !== '' && folder.startsWith(`${plain}/`) && /(docker|containers)/.test(plain),
  )
  return isAbove || engineFolders(home).some(folder => isIn(folder)) ? 'docker' : null
}

/** In a container: the host's directories are looked at where they are on the host. */
function ownerInside(
  path: string,
  mounts: readonly Mount[],
  home: string | null,
): FileDanger['whose'] | null {
  const mount = mounts.find(({ target }) => path === target || path.startsWith(`${target}/`))
  if (mount === undefined) return isDataPath(path.replace(/(\/\*|\/)+$/, '')) ? 'volume' : null
  if (!/^[/.~]/.test(mount.source)) return 'volume'
  return ownerOf(absolute(`${mount.source}${path.slice(mount.target.length)}`, null), home)
}

function engineFolders(home: string | null): readonly string[] {
  const own = home === null ? [] : [home]
  return [
    '/var/lib/docker/volumes',
    '/var/lib/docker/containers',
    '/var/lib/docker/overlay2',
    '/var/lib/containers/storage/volumes',
    '/var/lib/nerdctl/volumes',
    '/var/snap/docker/common/var-lib-docker/volumes',
    ...own.flatMap(folder => [
      `${folder}/.local/share/docker/volumes`,
      `${folder}/.local/share/containers/storage/volumes`,
      `${folder}/Library/Containers/com.docker.docker/Data`,
    ]),
  ]
}

function storeFolders(home: string | null): readonly string[] {
  const own = home === null ? [] : [`${home}/.local/share/safe-compose`, `${home}/.local/state/safe-compose`]
  return ['/var/lib/safe-compose', ...own]
}
