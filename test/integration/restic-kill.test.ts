import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { emptyRepository, resticVariables } from '../fakes/restic-repository.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])

/** Of a restore point that is written: while its stream is read, and while its manifest is. Parts of the whole. */
const moments = [0.15, 0.4, 0.65, 0.9]

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-restic-kill-'))
  mkdirSync(join(folder, 'data'))
  for (let file = 0; file < 20; file++)
    writeFileSync(join(folder, 'data', `table-${file}`), Buffer.alloc(1_000_000, `row of ${file} `))
  buildSync({
    entryPoints: [new URL('../fakes/store-writer.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fzstd'],
    outfile: join(folder, 'writer.mjs'),
  })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a kill at any moment leaves good restore points, and parts that the next run clears', async () => {
  const repository = join(folder, 'repository')
  makeRepository(repository)
  const store = openResticStore({ repository, root: join(folder, 'store'), variables, owner })
  const { published, perPoint } = await writeUntil(repository, { published: 2 })
  const known = new Set(published)
  let hits = 0
  for (const moment of moments) {
    const { published: more } = await writeUntil(repository, { milliseconds: perPoint * moment })
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
}, 180_000)

/** Starts a writer and kills it without warning, after a while or after some restore points. */
function writeUntil(
  repository: string,
  until: { readonly milliseconds: number } | { readonly published: number },
): Promise<{ readonly published: readonly string[]; readonly perPoint: number }> {
  return new Promise((resolve, reject) => {
    const writer = spawn(
      process.execPath,
      [
        join(folder, 'writer.mjs'),
        join(folder, 'store'),
        join(folder, 'data'),
        `restic:${repository}`,
        'stream',
      ],
      { env: { ...variables }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let said = ''
    let began = 0
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (began === 0) {
        began = performance.now()
        if ('milliseconds' in until) setTimeout(() => writer.kill('SIGKILL'), until.milliseconds)
      }
      if ('published' in until && said.split('\n').length > until.published + 1) writer.kill('SIGKILL')
    })
    writer.on('error', reject)
    writer.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`the writer ended by itself: ${said}`))
      const published = said.split('\n').slice(1, -1)
      resolve({ published, perPoint: (performance.now() - began) / Math.max(published.length, 1) })
    })
  })
}
