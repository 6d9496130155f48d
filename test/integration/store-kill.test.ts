import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import type { Store } from '../../src/model/ports.ts'
import { buildWriter } from '../fakes/killed-writer.ts'
import type { WriteUntil } from '../fakes/killed-writer.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const moments = 24

let folder = ''
let writeUntil: WriteUntil

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-kill-'))
  mkdirSync(join(folder, 'data'))
  for (let file = 0; file < 20; file++)
    writeFileSync(join(folder, 'data', `table-${file}`), rows(1_000_000, file))
  writeUntil = buildWriter(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['zstd', 'command'],
  ['zstd', 'stream'],
  ['gzip', 'stream'],
] as const)(
  'a kill at any moment leaves good restore points and nothing that looks like one: %s, %s',
  async (compression, way) => {
    const write = (root: string, until: Parameters<WriteUntil>[1]): ReturnType<WriteUntil> => {
      mkdirSync(root)
      return writeUntil([root, join(folder, 'data'), compression, way], until)
    }
    const cycle = await write(join(folder, `measure-${compression}-${way}`), { published: 3 })
    const random = randomFrom(7)
    let hits = 0
    // On a machine that is busy by fits, moments miss: then there are some more.
    for (let moment = 0; moment < moments || (hits <= moments / 2 && moment < moments * 2); moment++) {
      const root = join(folder, `store-${compression}-${way}-${moment}`)
      const after = random() * cycle.perPoint * 2
      const { published } = await write(root, { milliseconds: after })
      hits += await inspect(root, published)
      rmSync(root, { recursive: true, force: true })
    }
    // Otherwise the moments were badly chosen, and the test would prove nothing.
    expect(hits).toBeGreaterThan(moments / 2)
    await expect.poll(programsAtWork, { timeout: 10_000 }).toEqual([])
  },
  120_000,
)

/** Programs that a dead writer started on its data and that nobody waits for any more. */
function programsAtWork(): readonly string[] {
  const numbers = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return numbers.map(commandOf).filter(command => command.includes(join(folder, 'data')))
}

/** Empty when the process has just ended. */
function commandOf(number: string): string {
  try {
    return readFileSync(`/proc/${number}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** What the next run must find. Returns 1 when the kill came in the middle of a copy. */
async function inspect(root: string, published: readonly string[]): Promise<number> {
  const store = openDirectoryStore({ root, zstd: 'zstd', owner: nobody, leave: () => 0 })
  const points = await store.list(scope)
  const ids = points.map(point => point.id)
  for (const id of published) expect(ids).toContain(id)
  for (const point of points) {
    expect(point).toMatchObject({ state: 'good', damage: null })
    for (const record of point.manifest.holdings) await store.check(point, record, () => {})
  }
  const entries = await store.journal(scope).read()
  for (const id of published.slice(0, -1)) expect(entries.map(entry => entry.id)).toContain(id)
  const cleared = await store.clearPartials(scope, async () => false)
  expect(cleared.length).toBeLessThanOrEqual(1)
  const left = namesIn(join(root, 'AAAA-BBBB', 'shop')).filter(name => name !== 'journal.jsonl')
  // A folder without its owner's name is too young to be taken for a dead run's: it is no restore point either.
  expect(left.filter(name => !name.endsWith('.beginning')).toSorted()).toEqual(ids.toSorted())
  await expectUsable(store)
  return cleared.length
}

async function expectUsable(store: Store): Promise<void> {
  await store.prepare()
  const draft = await store.begin(scope, '20261123T201500Z-manual')
  await draft.putFile('state/x', 'x')
  await draft.discard()
}

async function nobody(): Promise<never> {
  return { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' } as never
}

/** Rows that compress about as well as a table does. */
function rows(size: number, seed: number): Buffer {
  const random = randomFrom(seed + 1)
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += 40) {
    content.write(`row ${at.toString().padStart(12)} pad pad pad `, at)
    for (let byte = 30; byte < 40 && at + byte < size; byte++) content[at + byte] = Math.floor(random() * 256)
  }
  return content
}

/** The same numbers in every run. */
function randomFrom(seed: number): () => number {
  let state = seed * 2_654_435_761
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

/** A writer that was killed early has made no folder yet. */
function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
