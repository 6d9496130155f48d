import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import type { LockOwner } from '../../src/model/ports.ts'
import { directorySource } from './directory-source.ts'
import { manualManifest } from './restore-point.ts'

/**
 * A program that writes restore points one after the other until it is killed, and says the id of each that is
 * published: ROOT FOLDER zstd|gzip stream|command
 */
const [root = '', folder = '', compression, way] = process.argv.slice(2)
const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner: LockOwner = { host: 'here', bootId: 'boot', pid: process.pid, startedAt: '1' }
const store = openDirectoryStore({
  root,
  zstd: compression === 'zstd' ? 'zstd' : null,
  owner: async () => owner,
  leave: () => 0,
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
