import { createHash } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { ImageConfig } from './image-recipes.ts'
import { pipeline } from './run.ts'

/**
 * Writes a zstd-compressed archive that `docker load` of every engine takes, of one layer (a tar file), with files on
 * the way beside the layer.
 */
export async function writeImageArchive(
  name: string,
  config: ImageConfig,
  layer: string,
  output: string,
): Promise<void> {
  const now = new Date().toISOString()
  const image = {
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    os: 'linux',
    created: now,
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${await digestOf(layer)}`] },
    history: [{ created: now, comment: 'from Debian packages' }],
  }
  const manifest = [
    {
      Config: 'config.json',
      RepoTags: [name.includes(':') ? name : `${name}:latest`],
      Layers: [basename(layer)],
    },
  ]
  const folder = dirname(layer)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(image))
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  await pipeline('tar -C "$1" -cf - manifest.json config.json "$2" | zstd -q -T0 -3 -o "$3"', [
    folder,
    basename(layer),
    output,
  ])
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
