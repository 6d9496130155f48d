import { vi } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { storeContract } from '../contract/store.contract.ts'
import { emptyRepository, harmLargestPack, resticVariables } from '../fakes/restic-repository.ts'

// Each step of a test starts restic anew.
vi.setConfig({ testTimeout: 180_000 })

const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])

storeContract({
  name: 'restic, in a folder',
  makeStore: folder => {
    const repository = `${folder}/repository`
    makeRepository(repository)
    return openResticStore({ repository, root: `${folder}/store`, variables, owner })
  },
  damages: [{ name: 'altered', why: /./, harm: folder => harmLargestPack(`${folder}/repository`) }],
})
