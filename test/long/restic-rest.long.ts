import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { storeContract } from '../contract/store.contract.ts'
import { emptyRepository, harmLargestPack, resticVariables } from '../fakes/restic-repository.ts'
import { resticServer } from '../fakes/restic-server.ts'

const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])

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
