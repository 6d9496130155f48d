import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHost } from '../../src/adapters/host/host.ts'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import type { Context } from '../../src/commands/context.ts'
import { applyRetention, prune } from '../../src/commands/prune.ts'
import type { PruneOptions, PruneTools } from '../../src/commands/prune.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import type { Audience, KeepPolicy } from '../../src/model/decision.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Store } from '../../src/model/ports.ts'
import type { Manifest, RestorePoint } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { failure } from '../contract/store.contract.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aRecord, aRestorePoint, aVolume as aHolding } from '../fakes/question.ts'
import { aWorld } from '../fakes/world.ts'

const hour = 3_600_000
const start = Date.parse('2026-11-24T12:00:00Z')
const scope = { engine: 'engine-1', project: 'shop' }
const plain: PruneOptions = { dryRun: false, now: false, all: false, json: false }

let folder: string
let store: Store
let now: number
let printed: string
let said: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-prune-'))
  now = start
  printed = ''
  said = []
  store = openStore(join(folder, 'store'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function openStore(root: string): Store {
  const owner = { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }
  return openDirectoryStore({ root, zstd: null, owner: async () => owner, leave: () => 0 })
}

function contextFor(audience: Audience = { kind: 'script', ci: null }): Context {
  const facts = aProject({
    services: [aService('db', { mounts: ['pgdata:/data'] })],
    containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
    volumes: [aVolume('shop_pgdata')],
  })
  const { context } = aWorld({ facts, audience })
  return {
    ...context,
    host: { ...context.host, now: () => new Date(now), isAlive: async () => true },
    openStore: async () => store,
    print: text => void (printed += text),
    reporter: {
      say: event => void (event.type === 'warning' && said.push(event.text)),
      quiet: () => {},
    },
  }
}

const tools: PruneTools = {
  pruned: openTables({ width: null, home: null }).pruned,
  policyOf: async () => defaultPolicy.keep,
}

async function pruned(options: Partial<PruneOptions> = {}, context = contextFor()): Promise<number> {
  printed = ''
  return prune(context, typed('ps'), { ...plain, ...options }, tools)
}

/** The lines of the table: id, and what is done. */
function deeds(): Record<string, string> {
  const rows = printed.split('\n').filter(line => /^\d{8}T/.test(line))
  return Object.fromEntries(
    rows.map(row => {
      const [id = '', , , deed = ''] = row.split(/ {2,}/)
      return [id, deed]
    }),
  )
}

async function taken(
  daysAgo: number,
  change: Partial<Manifest> = {},
  content = 600_000_000,
): Promise<RestorePoint> {
  await store.prepare()
  const finishedAt = new Date(start - daysAgo * 24 * hour).toISOString()
  const id = `${finishedAt.replace(/[-:]|\.\d+/g, '')}-${change.reason ?? 'schedule'}`
  const draft = await store.begin({ ...scope, project: change.project?.name ?? 'shop' }, id)
  const file = await draft.putFile('volumes/shop_pgdata.tar.gz', 'x'.repeat(1000))
  const bare = aRecord(aHolding('shop_pgdata'))
  const kept = { ...bare.kept, ...file, tar: { ...bare.kept.tar, contentBytes: content } }
  const { manifest } = aRestorePoint({ reason: 'schedule', command: null })
  return draft.publish({ ...manifest, finishedAt, holdings: [{ ...bare, kept }], ...change })
}

async function idsLeft(): Promise<readonly string[]> {
  return (await store.list(scope)).map(({ id }) => id)
}

/** Oldest first; the first two are due. */
async function someHistory(): Promise<readonly RestorePoint[]> {
  const points: RestorePoint[] = []
  for (const days of [500, 400, 2, 1, 0]) points.push(await taken(days))
  return points
}

describe('prune', () => {
  test('marks what is due, and removes it some hours later', async () => {
    const [oldest, old, ...rest] = await someHistory()
    expect(await pruned({ dryRun: true })).toBe(0)
    expect(deeds()[oldest!.id]).toBe('mark')
    expect(printed).toContain('2 to mark')
    expect((await store.list(scope)).every(({ marked }) => marked === null)).toBe(true)

    expect(await pruned()).toBe(0)
    expect(deeds()).toMatchObject({ [oldest!.id]: 'marked', [old!.id]: 'marked', [rest[0]!.id]: 'kept' })
    now += 3 * hour
    expect(await pruned()).toBe(0)
    expect(deeds()[oldest!.id]).toBe('waits')
    expect(await idsLeft()).toHaveLength(5)
    now += hour
    expect(await pruned({ dryRun: true })).toBe(0)
    expect(deeds()[oldest!.id]).toBe('remove')
    expect(await pruned()).toBe(0)
    expect(deeds()[oldest!.id]).toBe('removed')
    expect(printed).toContain('2 removed')
    expect(await idsLeft()).toEqual(rest.toReversed().map(({ id }) => id))
    expect(readdirSync(join(rest[0]!.path, '..')).filter(name => name.startsWith('2025'))).toEqual([])
    expect(await pruned()).toBe(0)
    expect(printed).toContain('nothing need go')
  })

  test('takes a mark back from what is kept meanwhile', async () => {
    const [oldest] = await someHistory()
    await pruned()
    now += 5 * hour
    const longer: KeepPolicy = { ...defaultPolicy.keep, monthly: 1000 * 24 * hour }
    const context = contextFor()
    await pruned({}, { ...context, policy: { ...context.policy, keep: longer } })
    expect(printed).toContain('its mark is taken back')
    expect((await store.find(scope, oldest!.id)).marked).toBeNull()
    await pruned()
    expect(deeds()[oldest!.id]).toBe('marked')
    expect(await idsLeft()).toHaveLength(5)
  })

  test('--now removes at once, but what was taken by hand only when it was marked', async () => {
    await someHistory()
    const byHand = await taken(450, { reason: 'manual' })
    expect(await pruned({ now: true })).toBe(0)
    expect(deeds()[byHand.id]).toBe('marked')
    expect(await idsLeft()).toHaveLength(4)
    now += 4 * hour
    await pruned({ now: true })
    expect(await idsLeft()).toHaveLength(3)
  })

  test('for an agent leaves what was taken by hand, and nothing goes without a mark', async () => {
    const [oldest] = await someHistory()
    const byHand = await taken(450, { reason: 'manual' })
    expect(await pruned({ now: true }, contextFor({ kind: 'agent', name: 'agent' } as Audience))).toBe(0)
    expect(deeds()).toMatchObject({ [byHand.id]: 'kept', [oldest!.id]: 'marked' })
    expect(said).toEqual(['ignored, because a coding agent is at work: --now'])
  })

  test('by itself neither marks, nor unmarks, nor removes what was taken by hand', async () => {
    await someHistory()
    const byHand = await taken(450, { reason: 'manual' })
    await pruned()
    const marked = (await store.find(scope, byHand.id)).marked
    expect(marked).not.toBeNull()
    now += 5 * hour
    const automatic = { policy: defaultPolicy.keep, onPurpose: false, dryRun: false, skipMarks: false }
    const { rows } = await applyRetention(contextFor(), store, scope, automatic)
    expect(rows.filter(({ deed }) => deed === 'remove')).toHaveLength(2)
    expect((await store.find(scope, byHand.id)).marked).toBe(marked)
  })

  test('holds back where the newest is suspiciously small, says so, and ends with 1', async () => {
    await someHistory()
    await pruned()
    await taken(-0.1, {}, 1_000_000)
    now += 5 * hour
    expect(await pruned()).toBe(1)
    expect(printed).toMatch(
      /held back, nothing goes: shop_pgdata has only 1 MB in 20261124T\S+, and 600 MB before/,
    )
    expect(said[0]).toMatch(/^no restore point of shop is removed at present: shop_pgdata has only 1 MB/)
    expect(await idsLeft()).toHaveLength(6)
  })

  test('leaves what is being read', async () => {
    const [oldest, old] = await someHistory()
    await pruned()
    now += 5 * hour
    const hold = await store.hold(oldest!)
    await pruned()
    expect(deeds()).toMatchObject({ [oldest!.id]: 'kept', [old!.id]: 'removed' })
    expect(printed).toContain('being read')
    await hold.release()
    await pruned({ now: true })
    expect(existsSync(oldest!.path)).toBe(false)
  })

  test('leaves what another process reads, until that is killed', async () => {
    const [oldest] = await someHistory()
    const program = join(folder, 'reader.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('../fakes/store-reader.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    })
    const reader = spawn(process.execPath, [program, store.root, oldest!.id], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(reader, 'close')
    await once(reader.stdout, 'data')
    const { isAlive } = openHost({ pid: process.pid, hostname: 'here', runs: () => true })
    const context = contextFor()
    const real = { ...context, host: { ...context.host, isAlive } }
    await pruned({ now: true }, real)
    expect(deeds()[oldest!.id]).toBe('kept')
    reader.kill('SIGKILL')
    await ended
    await pruned({ now: true }, real)
    expect(deeds()[oldest!.id]).toBe('removed')
    expect(readdirSync(join(oldest!.path, '..', '.readers'))).toEqual([])
  })

  test('of every project, each by its own policy; where a configuration is wrong nothing goes', async () => {
    for (const name of ['shop', 'blog', 'wiki'])
      for (const days of [500, 2, 1, 0])
        await taken(days, { project: { name, directory: `/srv/${name}`, files: [] } })
    const policyOf: PruneTools['policyOf'] = async ({ name }) => {
      if (name === 'blog') return { ...defaultPolicy.keep, monthly: 1000 * 24 * hour }
      if (name === 'shop') return defaultPolicy.keep
      const key = 'keep.montly'
      throw new Stop({
        reason: 'bad-configuration',
        file: '/srv/wiki/.safe-compose.yaml',
        line: 2,
        key,
        what: 'there is no such key',
        how: 'did you mean monthly?',
      })
    }
    const options = { ...plain, all: true, now: true, json: true }
    expect(await prune(contextFor(), typed('ps'), options, { ...tools, policyOf })).toBe(1)
    const results = JSON.parse(printed) as { project: string; heldBack: string | null }[]
    expect(Object.fromEntries(results.map(({ project, heldBack }) => [project, heldBack]))).toEqual({
      blog: null,
      shop: null,
      wiki: '/srv/wiki/.safe-compose.yaml is wrong: keep.montly: there is no such key',
    })
    const left = await Promise.all(
      ['shop', 'blog', 'wiki'].map(async project => (await store.list({ ...scope, project })).length),
    )
    expect(left).toEqual([3, 4, 4])
  })

  test('of every project: where the directory is gone nothing goes, until it is pruned by its name', async () => {
    for (const days of [500, 2, 1, 0])
      await taken(days, { project: { name: 'shop', directory: '/srv/shop', files: [] } })
    const context = contextFor()
    for (const state of ['missing', 'empty', 'unknown'] as const) {
      const files = { ...context.files, place: async () => ({ id: null, state }) }
      expect(await pruned({ all: true, now: true }, { ...context, files })).toBe(1)
      expect(await idsLeft()).toHaveLength(4)
    }
    const byName =
      'nothing is in /srv/shop, where it may say for how long; if that is right: safe-compose -p shop prune'
    expect(said.at(-1)).toBe(`no restore point of shop is removed at present: ${byName}`)
    await pruned({ now: true })
    expect(await idsLeft()).toHaveLength(3)
    const files = { ...context.files, place: async () => ({ id: null, state: 'missing' }) as const }
    expect(await pruned({ all: true, now: true }, { ...context, files })).toBe(0)
  })
})

describe('bad luck', () => {
  test('a restore point deleted by hand is no failure, whole or in part', async () => {
    const [oldest, old, ...rest] = await someHistory()
    await pruned()
    now += 5 * hour
    const list = store.list
    const deleting: Store = {
      ...store,
      list: async where => {
        const points = await list(where)
        rmSync(oldest!.path, { recursive: true })
        return points
      },
    }
    expect(await pruned({}, { ...contextFor(), openStore: async () => deleting })).toBe(0)
    expect(await idsLeft()).toEqual(rest.toReversed().map(({ id }) => id))
    expect(existsSync(old!.path)).toBe(false)

    rmSync(join(rest[0]!.path, 'volumes'), { recursive: true })
    expect(await pruned()).toBe(0)
    expect(printed).toContain('damaged: kept for you to look at')
  })

  test('a manifest edited by hand makes nothing else go', async () => {
    const points = await someHistory()
    const edit = (point: RestorePoint, change: (text: string) => string): void => {
      const file = join(point.path, 'manifest.json')
      writeFileSync(file, change(readFileSync(file, 'utf8')))
    }
    edit(points[0]!, text => text.replace('"sequence": 1', '"sequence": 999'))
    edit(points[2]!, text => text.slice(0, 100))
    edit(points[3]!, text => text.replaceAll(/2026-11-23T/g, '2031-11-23T'))
    edit(points[4]!, text => text.replace('"project"', '"projekt"'))
    expect(await pruned({ now: true })).toBe(0)
    expect(await idsLeft()).toHaveLength(5)
  })

  test('a clock set back a day: nothing goes that would not go anyway, and marks wait', async () => {
    const [oldest] = await someHistory()
    await pruned()
    now -= 24 * hour
    expect(await pruned()).toBe(0)
    expect(await idsLeft()).toHaveLength(5)
    expect(deeds()[oldest!.id]).toBe('marked')
    now += 4 * hour
    await pruned()
    expect(await idsLeft()).toHaveLength(3)
  })

  test('a removal that was killed half way leaves no restore point, and is finished by the next one', async () => {
    const [oldest] = await someHistory()
    const half = `${oldest!.path}.removing`
    execFileSync('mv', [oldest!.path, half])
    rmSync(join(half, 'volumes'), { recursive: true })
    expect(await idsLeft()).toHaveLength(4)
    expect(await pruned({ now: true })).toBe(0)
    expect(existsSync(half)).toBe(false)
    expect(await idsLeft()).toHaveLength(3)
  })

  test('a store whose disk is missing is no store without restore points', async () => {
    const owner = { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }
    const root = join(folder, 'not-mounted', 'store')
    store = openDirectoryStore({ root, named: true, zstd: null, owner: async () => owner })
    await expect(failure(pruned({ all: true }))).resolves.toMatchObject({
      reason: 'store-unusable',
      path: root,
    })
  })

  test('on a disk without a byte left it makes room first, and marks then', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', disk])
    try {
      store = openStore(join(disk, 'store'))
      await someHistory()
      await pruned()
      now += 5 * hour
      await taken(450)
      execFileSync('sh', ['-c', `cat /dev/zero > ${join(disk, 'filler')} || true`], { stdio: 'ignore' })
      expect(() => writeFileSync(join(disk, 'more'), 'x'.repeat(10_000))).toThrow('ENOSPC')
      expect(await pruned()).toBe(0)
      expect(Object.values(deeds()).toSorted()).toEqual([
        'kept',
        'kept',
        'kept',
        'marked',
        'removed',
        'removed',
      ])
      expect(await idsLeft()).toHaveLength(4)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})
