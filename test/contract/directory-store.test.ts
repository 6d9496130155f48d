import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { storeContract } from './store.contract.ts'

const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })

for (const zstd of ['/usr/bin/zstd', null])
  storeContract(`directory, ${zstd === null ? 'gzip' : 'zstd'}`, root =>
    openDirectoryStore({ root: `${root}/store`, zstd, owner, leave: () => 0 }),
  )
