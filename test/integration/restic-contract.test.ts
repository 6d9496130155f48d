import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, vi } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { storeContract } from '../contract/store.contract.ts'
import { emptyRepository, harmLargestPack, resticVariables } from '../fakes/restic-repository.ts'
import { resticServer } from '../fakes/restic-server.ts'

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

const served = mkdtempSync(join(tmpdir(), 'safe-compose-served-'))
const server = await resticServer('restic', ['--user', 'u', '--pass', 'secret'], served)
beforeAll(() => server.start())
afterAll(async () => {
  await server.stop()
  rmSync(served, { recursive: true, force: true })
})

storeContract({
  name: 'restic, at a REST server',
  makeStore: folder => {
    makeRepository(join(served, basename(folder)))
    return openResticStore({
      repository: `rest:http://u:secret@127.0.0.1:${server.port}/${basename(folder)}/`,
      root: `${folder}/store`,
      variables,
      owner,
    })
  },
  damages: [{ name: 'altered', why: /./, harm: folder => harmLargestPack(join(served, basename(folder))) }],
})
