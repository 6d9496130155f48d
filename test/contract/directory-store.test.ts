import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { fileDamages } from '../fakes/file-damages.ts'
import { storeContract } from './store.contract.ts'

const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })

for (const zstd of ['/usr/bin/zstd', null])
  storeContract({
    name: `directory, ${zstd === null ? 'gzip' : 'zstd'}`,
    makeStore: root => openDirectoryStore({ root: `${root}/store`, zstd, owner, leave: () => 0 }),
    damages: fileDamages,
  })
