import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { buildWriter } from '../fakes/killed-writer.ts'
import type { WriteUntil } from '../fakes/killed-writer.ts'
import { emptyRepository, resticVariables } from '../fakes/restic-repository.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])

/** Of a restore point that is written: while its data is read, and while its manifest is. Parts of the whole. */
const moments = [0.15, 0.4, 0.65, 0.9]
/** On a machine that is busy by fits, moments miss: then they are tried again, so often at most. */
const rounds = 3

let folder = ''
let writeUntil: WriteUntil

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-restic-kill-'))
  mkdirSync(join(folder, 'data'))
  for (let file = 0; file < 20; file++)
    writeFileSync(join(folder, 'data', `table-${file}`), Buffer.alloc(1_000_000, `row of ${file} `))
  writeUntil = buildWriter(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ways = [
  ['as a tar', 'stream'],
  ['as files', 'command'],
] as const

test.each(ways)(
  'a kill at any moment leaves good restore points, and parts to be cleared: %s',
  async (_, way) => {
    const repository = join(folder, `repository-${way}`)
    const root = join(folder, `store-${way}`)
    makeRepository(repository)
    const store = openResticStore({ repository, root, variables, owner })
    const args = [root, join(folder, 'data'), `restic:${repository}`, way]
    const { published, perPoint } = await writeUntil(args, { published: 2 }, variables)
    const known = new Set(published)
    let hits = 0
    for (let kill = 0; kill < moments.length || (hits < 2 && kill < moments.length * rounds); kill++) {
      const moment = moments[kill % moments.length]!
      const { published: more } = await writeUntil(args, { milliseconds: perPoint * moment }, variables)
      for (const id of more) known.add(id)
      const cleared = await store.clearPartials(scope, async () => false)
      hits += cleared.length
      const points = await store.list(scope)
      const ids = points.map(({ id }) => id)
      for (const id of known) expect(ids).toContain(id)
      for (const id of ids) known.add(id)
      expect(points.filter(({ state }) => state !== 'good')).toEqual([])
      const [newest] = points
      for (const record of newest?.manifest.holdings ?? []) await store.check(newest!, record, () => {})
    }
    // Otherwise the moments were badly chosen, and the test would prove nothing.
    expect(hits).toBeGreaterThan(1)
  },
  180_000,
)
