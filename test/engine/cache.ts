import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Folder of everything that is kept between runs: packages, images, engines' data, logs. */
export const cacheFolder: string =
  process.env['SAFE_COMPOSE_TEST_CACHE'] ||
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'safe-compose-test')

/** Folder of sockets and pid files. Not in the cache, for a socket's path may have 107 bytes only. */
export const runFolder: string = join(
  '/run/safe-compose-test',
  createHash('sha256').update(cacheFolder).digest('hex').slice(0, 8),
)

/**
 * Does `work` while no other process does work under the same name; a second one waits.
 *
 * The lock is the kernel's (flock), held by a child that ends with us, so that a killed run leaves none behind.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const folder = join(cacheFolder, 'locks')
  mkdirSync(folder, { recursive: true })
  const holder = spawn('flock', [join(folder, name), 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => holder.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: holder.stdout }).once('line', () => resolve())
    holder.on('error', error => reject(new Error(`cannot lock ${name}: ${error.message}`)))
    holder.on('exit', code => reject(new Error(`cannot lock ${name} in ${folder}: flock ended with ${code}`)))
  })
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}

/**
 * Returns the file or folder `path`, made by `make` if it is not there.
 *
 * It is made under another name and then renamed, so that it is there whole or not at all.
 */
export async function once(path: string, make: (unfinished: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path
  const lock = path.slice(cacheFolder.length + 1).replaceAll('/', '-')
  return withLock(lock, async () => {
    if (existsSync(path)) return path
    const unfinished = `${path}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(join(path, '..'), { recursive: true })
    await make(unfinished)
    renameSync(unfinished, path)
    return path
  })
}
