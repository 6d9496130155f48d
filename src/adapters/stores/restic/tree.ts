import { stat } from 'node:fs/promises'
import { blockSize, paddingOf, writeHeader } from '../../../core/tar-header.ts'
import type { ResticTreeForm, TarCounts } from '../../../model/restore-point.ts'
import { patienceForStreams } from './patience.ts'
import type { Repository } from './repository.ts'

export interface TreeRequest {
  readonly repository: Repository
  readonly directory: string
  /** What it is called in the manifest. */
  readonly path: string
  /** Host and tags. */
  readonly labels: readonly string[]
  readonly onBytes: (done: number) => void
  readonly signal: AbortSignal
}

/**
 * Puts a directory into a snapshot of its own, whose root it is. restic compares it with the last snapshot of the same
 * directory: what has not changed since is not read again.
 *
 * Null where it holds hard links, fifos or devices, which restic does not give back in a tar: then it must go in as one.
 * The snapshot is left to be removed with its restore point.
 */
export async function writeTree(request: TreeRequest): Promise<ResticTreeForm | null> {
  const { repository, directory, path, labels, signal } = request
  // The root of a snapshot has no attributes of its own.
  const { mode, uid, gid, mtimeMs } = await stat(directory)
  const last = await repository.run(['backup', '--json', '--no-scan', ...labels, '.'], {
    directory,
    patience: patienceForStreams,
    signal,
    onLine: line => tellProgress(line, request.onBytes),
  })
  const made = saidIn(last)
  const snapshot = made['snapshot_id']
  if (typeof snapshot !== 'string') throw new Error(`restic told no snapshot but: ${last}`)
  const listed = await listTree(repository, snapshot, signal)
  if (!listed.isPlain) return null
  return {
    form: 'restic-tree',
    path,
    bytes: listed.tar.contentBytes,
    sha256: listed.tree,
    snapshot,
    added: Number(made['data_added_packed'] ?? made['data_added'] ?? 0),
    root: { mode: mode & 0o7777, uid, gid, mtime: Math.floor(mtimeMs / 1000) },
    tar: listed.tar,
  }
}

/** The entry of a tar for the root of a tree, which restic leaves out. */
export function rootEntry({ root }: Pick<ResticTreeForm, 'root'>): Buffer {
  return writeHeader({ path: './', flag: '5', size: 0, ...root })
}

/** Of two counts of one tree; the length of a tar is not known before it is made. */
export function isSameTree(one: TarCounts, other: TarCounts): boolean {
  const { bytes: _one, ...counted } = one
  return Object.entries(counted).every(([what, count]) => other[what as keyof TarCounts] === count)
}

interface ListedTree {
  /** The hash of the tree: what is in it decides it. */
  readonly tree: string
  readonly tar: TarCounts
  /** Whether there are only files with one name, directories and symbolic links. */
  readonly isPlain: boolean
}

async function listTree(repository: Repository, snapshot: string, signal: AbortSignal): Promise<ListedTree> {
  // The root, and what ends a tar.
  const tar = {
    bytes: 3 * blockSize,
    entries: 1,
    files: 0,
    directories: 1,
    links: 0,
    others: 0,
    contentBytes: 0,
  }
  const inodes = new Set<unknown>()
  let tree = ''
  let isPlain = true
  await repository.run(['ls', '--json', snapshot], {
    signal,
    patience: patienceForStreams,
    onLine: line => {
      const node = saidIn(line)
      if (node['struct_type'] === 'snapshot') tree = String(node['tree'])
      if (node['struct_type'] !== 'node') return
      tar.entries++
      tar.bytes += blockSize
      switch (node['type']) {
        case 'dir':
          tar.directories++
          return
        case 'symlink':
          tar.links++
          return
        case 'file': {
          const size = Number(node['size'] ?? 0)
          tar.files++
          tar.contentBytes += size
          tar.bytes += size + paddingOf(size)
          if (inodes.has(node['inode'])) isPlain = false
          inodes.add(node['inode'])
          return
        }
        default:
          tar.others++
          isPlain = false
      }
    },
  })
  return { tree, tar, isPlain }
}

function tellProgress(line: string, onBytes: (done: number) => void): void {
  const said = saidIn(line)
  const done = said['bytes_done']
  if (said['message_type'] === 'status' && typeof done === 'number') onBytes(done)
}

/** What is no JSON says nothing that is counted here. */
function saidIn(line: string): Readonly<Record<string, unknown>> {
  return line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {}
}
