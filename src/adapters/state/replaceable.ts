import { lstat, open } from 'node:fs/promises'

/** Bytes of a file within which its mark stands. */
const beginning = 1024

/**
 * Why a file must not be replaced by a new `what`; null where it is not there, is empty, or is an earlier one, which has
 * `mark` near its beginning.
 */
export async function whyNotReplaced(path: string, what: string, mark: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null)
  if (found === null || (found.isFile() && found.size === 0)) return null
  if (found.isDirectory()) return 'it is a directory'
  if (!found.isFile()) return 'it is no plain file'
  return (await beginsWithMark(path, mark)) ? null : `it is there already, and is no ${what}`
}

async function beginsWithMark(path: string, mark: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return false
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning), 0, beginning, 0)
    return buffer.toString('utf8', 0, bytesRead).includes(mark)
  } finally {
    await file.close()
  }
}
