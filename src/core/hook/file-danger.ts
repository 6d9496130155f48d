import { isDataPath } from '../data-paths.ts'
import { isOpen, programOf } from './words.ts'
import type { FoundCommand, Mount } from './find-commands.ts'

/** No file has a longer one. */
const longestPath = 4096

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
    if (typed.length > longestPath) continue
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
      return words.includes('-t') ? named : named.slice(0, -1)
    case 'dd':
      return words.filter(word => word.startsWith('of=')).map(word => word.slice('of='.length))
    case 'rsync':
      // On another machine it is that one's.
      return words.some(word => word.startsWith('--del'))
        ? named.slice(-1).map(word => word.replace(/^[^/:]*:/, ''))
        : []
    case 'find':
      return words.includes('-delete') ? placesOfFind(words) : []
    default:
      return []
  }
}

/** Where `find` looks: the words between its first options and its tests. */
export function placesOfFind(words: readonly string[]): readonly string[] {
  const from = words.findIndex(word => !/^-([HLP]$|O|D$)/.test(word))
  const rest = from < 0 ? [] : words.slice(from)
  const end = rest.findIndex(word => /^[-(!]/.test(word))
  const places = end < 0 ? rest : rest.slice(0, end)
  return places.length === 0 ? ['.'] : places
}

function absolute(path: string, directory: string | null): string {
  const whole = path.startsWith('/') || directory === null ? path : `${directory}/${path}`
  const parts: string[] = []
  for (const part of whole.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '.' && (part !== '' || parts.length === 0)) parts.push(part)
  return parts.join('/')
}

/** Also where a folder above is removed that is docker's by its name. */
function ownerOf(path: string, home: string | null): FileDanger['whose'] | null {
  if (storeFolders(home).some(folder => reached(path, folder) === folder)) return 'store'
  const isDockers = engineFolders(home).some(folder => telling.test(reached(path, folder) ?? ''))
  return isDockers ? 'docker' : null
}

/** The folder, or as much of it as the path names, with patterns for file names (`/var/lib/d*`); null if it leads elsewhere. */
function reached(path: string, folder: string): string | null {
  const parts = folder.split('/')
  const names = path.split('/')
  const named = names.slice(0, parts.length)
  // `/var/lib/*/cache` means the folders that have one.
  const isVague = named.some(
    (name, index) =>
      name === '*' && telling.test(parts[index] ?? '') && names.slice(index + 1).some(each => each !== '*'),
  )
  const fits = !isVague && named.every((name, index) => nameFits(name, parts[index] ?? ''))
  return fits ? parts.slice(0, named.length).join('/') : null
}

/** What makes a folder's name one of an engine or of ours. */
const telling = /docker|containers|safe-compose/

function nameFits(pattern: string, name: string): boolean {
  if (pattern === name) return true
  if (!/[*?[]/.test(pattern) || (/^[*?[]/.test(pattern) && name.startsWith('.'))) return false
  const pieces = pattern.split(/\*+/)
  if (pieces.length > mostStars) return true
  const plain = pieces.map(piece =>
    piece.replaceAll(/\[[^\]]*\]|[^\w-]/g, sign => (/^[[?]/.test(sign) ? '.' : `\\${sign}`)),
  )
  return new RegExp(`^${plain.join('.*')}$`).test(name)
}

/** One with more of them is taken to fit: to try it would take long. */
const mostStars = 5

/** In a container: the host's directories are looked at where they are on the host. */
function ownerInside(
  path: string,
  mounts: readonly Mount[],
  home: string | null,
): FileDanger['whose'] | null {
  const place = path.replace(/(\/[.*?[\]!]+)+$/, '')
  const mount = mounts.find(({ target }) => place === target || place.startsWith(`${target}/`))
  if (mount === undefined) {
    const isData = isDataPath(place) || (mounts.length === 0 && place === '/data')
    return isData ? 'volume' : ownerOf(path, home)
  }
  const isFolder = /^[.~]|\//.test(mount.source)
  if (isFolder) return ownerOf(absolute(`${mount.source}${path.slice(mount.target.length)}`, null), home)
  // Where nobody knows what is mounted, all of it is removed at once only from what is to be empty.
  const isUnknown = isOpen(mount.source) && mount.source.length === 1
  return !isUnknown || place === mount.target ? 'volume' : null
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
