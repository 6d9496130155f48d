import { Stop } from '../../model/failure.ts'
import { explainNoSpace } from './room.ts'

/**
 * What an error of the file system says about a store: `no-space` or `store-unusable`, with how to mend it.
 *
 * @param option what chooses another folder
 */
export async function unusable(root: string, error: unknown, option = '--safe-store'): Promise<Stop> {
  const explained = await explainNoSpace(error, root, 0).catch(() => error)
  if (explained instanceof Stop) return explained
  const { path } = error as NodeJS.ErrnoException
  return new Stop(
    {
      reason: 'store-unusable',
      path: root,
      why: whyOf(error, path ?? root, root),
      how: howOf(error, root, `choose another folder with ${option} DIR`),
    },
    { cause: error },
  )
}

/** Runs work on the file system and tells its errors as those of the store. */
export async function explainedFor<T>(root: string, work: () => Promise<T>, option?: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Stop || !isOfFileSystem(error) ? error : await unusable(root, error, option)
  }
}

/** Everything else is a fault of ours and must not be told as one of the disk's. */
function isOfFileSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string'
}

function whyOf(error: unknown, path: string, root: string): string {
  const what = path === root ? 'it' : path
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return `${what} may not be read or written by this user`
    case 'EROFS':
      return 'its file system is read-only'
    case 'ENOTDIR':
    case 'EEXIST':
      return `${what}, or a part of its path, is a file`
    case 'ENOENT':
      return `${what} is not there`
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

function howOf(error: unknown, root: string, another: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return `look whose it is (ls -ld ${root}), or ${another}`
    case 'EROFS':
      return `mount it writable, or ${another}`
    case 'ENOENT':
      return `make it (mkdir -p ${root}) or mount its disk, or ${another}`
    default:
      return another
  }
}
