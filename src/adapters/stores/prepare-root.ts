import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { modesOf, syncFolder, writeDurably } from './durable.ts'
import type { Modes } from './durable.ts'
import { storeReadme } from './store-readme.ts'

/**
 * Makes the root if need be, proves by writing that it can be written, and leaves the README in it. Errors of the file
 * system are the caller's to explain.
 */
export async function prepareRoot(root: string, named: boolean): Promise<void> {
  await makeRoot(root, named)
  const modes = await modesOf(root)
  const probe = join(root, `.probe-${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(probe, 'wx', 0o600)
    try {
      await file.writeFile('can be written\n')
    } finally {
      await file.close()
    }
  } finally {
    await rm(probe, { force: true })
  }
  await leaveReadme(join(root, 'README.md'), modes)
}

/** One of an earlier version becomes the present one; what somebody else wrote under that name stays. */
async function leaveReadme(path: string, modes: Modes): Promise<void> {
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === storeReadme || (found !== null && !found.startsWith(titleOf(storeReadme)))) return
  await writeDurably(path, storeReadme, modes.file)
}

function titleOf(text: string): string {
  return text.slice(0, text.indexOf('\n') + 1)
}

async function makeRoot(root: string, named: boolean): Promise<void> {
  if (named) {
    try {
      await mkdir(root, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(root)).isDirectory()) return
      throw error
    }
  } else if ((await mkdir(root, { recursive: true, mode: 0o700 })) === undefined) return
  await chmod(root, 0o700)
  await syncFolder(dirname(root))
}
