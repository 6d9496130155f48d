import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { AgeProgram } from '../../src/adapters/stores/encryption.ts'
import { unpackPackages } from './apt.ts'
import { cacheFolder } from './cache.ts'

/** Debian's own age, with age-keygen: the folder of both. */
export async function debianAge(): Promise<string> {
  const folder = await unpackPackages('bookworm', ['age'], join(cacheFolder, 'packages', 'age'))
  return join(folder, 'usr', 'bin')
}

/**
 * What stands in for it, built into a folder as the package has it: a program of its own, with the library.
 */
export function buildStandIn(folder: string): AgeProgram {
  const script = join(folder, 'age.cjs')
  buildSync({
    entryPoints: [fileURLToPath(new URL('../../src/age.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
  })
  return { program: process.execPath, args: [script] }
}
