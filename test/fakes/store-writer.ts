import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { resticRepository } from '../../src/core/store-location.ts'
import type { LockOwner } from '../../src/model/ports.ts'
import { directorySource } from './directory-source.ts'
import { manualManifest } from './restore-point.ts'

/**
 * A program that writes restore points one after the other until it is killed, and says the id of each that is
 * published: ROOT FOLDER zstd|gzip|restic:REPOSITORY stream|command
 */
const [root = '', folder = '', kind = '', way] = process.argv.slice(2)
const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner: LockOwner = { host: 'here', bootId: 'boot', pid: process.pid, startedAt: '1' }
const repository = resticRepository(kind)
const store =
  repository === null
    ? openDirectoryStore({
        root,
        zstd: kind === 'zstd' ? 'zstd' : null,
        owner: async () => owner,
        leave: () => 0,
      })
    : openResticStore({
        repository,
        root,
        variables: process.env as Readonly<Record<string, string>>,
        owner: async () => owner,
      })

async function writeForEver(): Promise<void> {
  await store.prepare()
  process.stdout.write('ready\n')
  for (;;) {
    const draft = await store.begin(scope, '20261123T201500Z-manual')
    const source = directorySource(folder, way === 'command' ? 'command' : 'stream')
    const kept = await draft.putArchive('shop_pgdata', source, () => {})
    await draft.putFile('state/compose/1-compose.yaml', 'services: {}\n')
    const point = await draft.publish(manualManifest(scope, kept))
    await store.journal(scope).append({ id: point.id, status: 'done' } as never)
    process.stdout.write(`${point.id}\n`)
  }
}

await writeForEver()
