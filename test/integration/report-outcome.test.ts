import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { publishText } from '../../src/adapters/state/publish-text.ts'
import { openOutcomes } from '../../src/adapters/state/outcomes.ts'
import type { Context } from '../../src/commands/context.ts'
import { runOwnCommand } from '../../src/commands/own-command.ts'
import { reportOutcome } from '../../src/commands/report-outcome.ts'
import { readChannels } from '../../src/core/channel-configuration.ts'
import type { Outcome, RememberedOutcome } from '../../src/core/outcome.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Notice } from '../../src/model/notice.ts'
import type { Verification } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { readExposition } from '../fakes/exposition.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aRestorePoint } from '../fakes/question.ts'
import { aWorld } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

const shop = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'] })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
  volumes: [aVolume('shop_pgdata')],
})
/** The world's clock stands at 20:15. */
const young = aRestorePoint({ reason: 'manual', finishedAt: '2026-11-23T18:15:00.000Z' })
const old = aRestorePoint({ reason: 'manual', finishedAt: '2026-11-20T18:15:00.000Z' })
const hooks = readChannels(
  [],
  [{ kind: 'webhook', url: 'https://example.org/hook' }],
  () => new Error('never'),
)
const booted: Verification = { level: 'boot', at: '', milliseconds: 1, well: true, checks: [] }

let folder: string
let printed: string
let told: Notice[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-outcomes-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  printed = ''
  told = []
})

/** A world that remembers what is told, with the real memory of outcomes. */
function shopWorld(words: Partial<WorldWords> = {}): { world: World; context: Context } {
  const world = aWorld({ facts: shop, policy: { channels: hooks }, ...words })
  const context: Context = {
    ...world.context,
    directory: folder,
    print: text => void (printed += text),
    notifier: { ...world.context.notifier, tell: async notice => void told.push(notice) },
    outcomes: openOutcomes(join(folder, 'outcomes')),
    files: { ...world.context.files, publishText },
  }
  return { world, context }
}

function run(context: Context, ...words: readonly string[]): Promise<number> {
  const [word, ...rest] = words
  return runOwnCommand(context, word as 'backup', typed('ps'), rest, {
    tables: openTables({ width: null, home: null }),
  } as Parameters<typeof runOwnCommand>[4])
}

async function failureOf(work: Promise<unknown>): Promise<Stop['failure']> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Stop) return error.failure
  throw error instanceof Error ? error : new Error('it did not stop')
}

const kinds = (): readonly string[] => told.map(({ kind }) => kind)
const broken: Stop = new Stop({
  reason: 'backup-failed',
  holding: 'shop_pgdata',
  why: 'no space left',
  how: 'make room',
})

describe('a run that nobody watches', () => {
  test('a backup that fails, fails again and succeeds: told with why, and once that it works again', async () => {
    const { world, context } = shopWorld()
    world.on.set('publish', () => {
      throw broken
    })
    expect(await failureOf(run(context, 'backup'))).toBe(broken.failure)
    await failureOf(run(context, 'backup'))
    expect(told[0]).toEqual({
      kind: 'failed',
      job: 'backup',
      project: 'shop',
      host: 'here',
      at: '2026-11-23T20:15:00.000Z',
      summary: 'backup of shop failed: the backup of shop_pgdata failed: no space left',
      details: ['make room'],
      restorePoint: null,
    })
    world.on.delete('publish')
    expect(await run(context, 'backup')).toBe(0)
    expect(await run(context, 'backup')).toBe(0)
    expect(kinds()).toEqual(['failed', 'failed', 'recovered', 'succeeded'])
    expect(told[2]).toMatchObject({
      details: [
        expect.stringContaining('backup of shop: 1 volume'),
        expect.stringContaining('failed 2 times'),
      ],
      restorePoint: world.points[1]?.id,
    })
  })

  test('a verify that finds something is a failure', async () => {
    const { world, context } = shopWorld()
    world.points.push({ ...young, state: 'damaged', damage: 'volumes/x is gone' })
    expect(await run(context, 'verify', young.id)).toBe(1)
    expect(told[0]).toMatchObject({ kind: 'failed', job: 'verify', project: 'shop' })
    expect(told[0]?.summary).toBe('verify of shop found a restore point that is not well')
  })

  test('what is no failure that was foreseen is told too', async () => {
    const { world, context } = shopWorld()
    world.on.set('publish', () => {
      throw new TypeError('x is not a function')
    })
    await expect(run(context, 'backup')).rejects.toThrow(TypeError)
    expect(told[0]?.summary).toBe('backup of shop failed: x is not a function')
  })

  test('what a signal ended is not told, and not remembered', async () => {
    const { world, context } = shopWorld()
    world.on.set('publish', () => {
      throw new Stop({ reason: 'interrupted', signal: 'SIGTERM' })
    })
    await failureOf(run(context, 'backup'))
    expect(told).toEqual([])
    expect(await context.outcomes.all()).toEqual([])
  })

  test.each([{ kind: 'person' }, { kind: 'agent', name: 'x', variable: 'X' }] as const)(
    'with a $kind there nothing is told',
    async audience => {
      const { context } = shopWorld({ audience })
      expect(await run(context, 'backup')).toBe(0)
      expect(told).toEqual([])
      expect(await context.outcomes.all()).toEqual([])
    },
  )
})

describe('a project without a good backup that is young enough', () => {
  const verified: Outcome = {
    job: 'verify',
    project: 'shop',
    ok: true,
    summary: 'verify of shop: well',
    details: [],
    restorePoint: null,
  }

  test('is told of once a day, and again after it was fresh', async () => {
    const { world, context } = shopWorld()
    let now = new Date('2026-11-23T20:15:00.000Z')
    const later = { ...context, host: { ...context.host, now: () => now } }
    const staleAfter = async (hours: number): Promise<number> => {
      now = new Date(now.getTime() + hours * 3_600_000)
      told = []
      await reportOutcome(later, verified)
      return told.filter(({ kind }) => kind === 'stale').length
    }
    world.points.push(old)
    expect([await staleAfter(0), await staleAfter(6), await staleAfter(18), await staleAfter(6)]).toEqual([
      1, 0, 1, 0,
    ])
    world.points.unshift(aRestorePoint({ reason: 'manual', finishedAt: now.toISOString() }))
    expect([await staleAfter(1), await staleAfter(27)]).toEqual([0, 1])
    expect(told.find(({ kind }) => kind === 'stale')?.summary).toBe(
      'shop has had no good backup for 1 d 4 h, longer than 1 d 2 h',
    )
  })

  test('copies before commands and damaged ones do not make it fresh', async () => {
    const { world, context } = shopWorld()
    world.points.push(
      aRestorePoint({ reason: 'preflight', finishedAt: '2026-11-23T20:00:00.000Z' }),
      { ...young, state: 'damaged' },
      old,
    )
    await reportOutcome(context, verified)
    expect(kinds()).toEqual(['succeeded', 'stale'])
  })

  test('is told of after a failure as well; one that has none only after a success', async () => {
    const { context } = shopWorld()
    await reportOutcome(context, { ...verified, ok: false })
    expect(kinds()).toEqual(['failed'])
    await reportOutcome(context, verified)
    expect(kinds()).toEqual(['failed', 'recovered', 'stale'])
    const other = shopWorld()
    other.world.points.push(old)
    await rm(join(folder, 'outcomes'), { recursive: true })
    await reportOutcome(other.context, { ...verified, ok: false })
    expect(kinds().slice(3)).toEqual(['failed', 'stale'])
  })

  test('a store that cannot be read is no news here', async () => {
    const { context } = shopWorld()
    const openStore = async (): Promise<never> => {
      throw new Stop({ reason: 'store-unusable', path: '/x', why: 'gone', how: '' })
    }
    await reportOutcome({ ...context, openStore }, verified)
    expect(kinds()).toEqual(['succeeded'])
  })

  test('the store is not asked where nobody wants to know', async () => {
    const { context } = shopWorld({ policy: { channels: hooks.map(hook => ({ ...hook, on: ['failed'] })) } })
    const openStore = async (): Promise<never> => {
      throw new Error('the store was asked')
    }
    await reportOutcome({ ...context, openStore }, verified)
    expect(kinds()).toEqual(['succeeded'])
  })

  test('what concerns the whole host names no project', async () => {
    const { context } = shopWorld()
    await reportOutcome(context, { ...verified, job: 'prune', project: null })
    expect(kinds()).toEqual(['succeeded'])
  })
})

describe('the memory of outcomes', () => {
  const outcome: RememberedOutcome = {
    job: 'backup',
    project: 'shop',
    ok: false,
    at: '2026-11-23T20:15:00.000Z',
    failingSince: '2026-11-22T20:15:00.000Z',
    failures: 2,
  }

  test('keeps projects and jobs apart, whatever they are called', async () => {
    const book = openOutcomes(folder)
    const all = [
      outcome,
      { ...outcome, project: null },
      { ...outcome, project: 'null' },
      { ...outcome, project: '../x' },
    ]
    const more = { ...outcome, job: 'verify', ok: true } as const
    await Promise.all([...all, more].map(book.remember))
    for (const each of all) expect(await book.last('backup', each.project)).toEqual(each)
    expect(await book.last('verify', 'shop')).toEqual(more)
    expect(await book.last('prune', 'shop')).toBeNull()
    expect(await book.all()).toHaveLength(5)
    for (const name of await readdir(folder))
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  })

  test('is not known where it cannot be read', async () => {
    const book = openOutcomes(folder)
    await book.remember(outcome)
    await book.rememberStale('shop', outcome.at)
    expect(await book.staleToldAt('shop')).toBe(outcome.at)
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '{"half')
    expect(await book.last('backup', 'shop')).toBeNull()
    expect(await book.staleToldAt('shop')).toBeNull()
    expect(await book.all()).toEqual([])
  })

  test('that cannot be written is said, and fails nothing', async () => {
    const { world, context } = shopWorld()
    world.points.push(young)
    await writeFile(join(folder, 'outcomes'), 'a file where the folder should be')
    expect(await run(context, 'backup')).toBe(0)
    expect(kinds()).toEqual(['succeeded'])
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      { type: 'warning', text: expect.stringContaining('what came of it could not be remembered') },
    ])
  })
})

describe('backups --gate', () => {
  const gate = (context: Context, ...more: readonly string[]): Promise<number> =>
    run(context, 'backups', '--gate', '24h', ...more)

  test('is open with a young backup, and says nothing', async () => {
    const { world, context } = shopWorld()
    world.points.push(young)
    expect(await gate(context)).toBe(0)
    expect(printed).toBe('')
    expect(world.events).toEqual([])
  })

  test('is shut without one, and says why and what to do', async () => {
    const { world, context } = shopWorld()
    expect(await failureOf(gate(context))).toEqual({
      reason: 'not-possible',
      what: 'shop has no good backup',
      how: 'take one, then go on: safe-compose backup',
    })
    world.points.push(old)
    expect(await failureOf(gate(context))).toMatchObject({
      what: 'shop has had no good backup for 3 d 2 h, longer than 1 d',
    })
    expect(printed).toBe('')
    expect(told).toEqual([])
  })

  test('with --verified also wants one that is known to boot', async () => {
    const { world, context } = shopWorld()
    world.points.push(young)
    expect(await failureOf(gate(context, '--verified', '30d'))).toMatchObject({
      what: 'no backup of shop is known to boot',
      how: 'prove the newest one, then go on: safe-compose verify',
    })
    world.points.push({ ...old, verified: booted })
    expect(await gate(context, '--verified', '30d')).toBe(0)
    expect(await failureOf(gate(context, '--verified', '2d'))).toMatchObject({
      what: `the newest backup of shop that is known to boot, ${old.id}, was taken 3 d ago, longer ago than 2 d`,
    })
  })

  test('prints JSON when it is asked to, open or shut', async () => {
    const { world, context } = shopWorld()
    await failureOf(gate(context, '--json'))
    expect(JSON.parse(printed)).toMatchObject({ project: 'shop', open: false, newest: null })
    printed = ''
    world.points.push({ ...young, verified: booted })
    expect(await gate(context, '--json', '--verified', '1d')).toBe(0)
    expect(JSON.parse(printed)).toEqual({
      project: 'shop',
      open: true,
      why: null,
      how: null,
      newest: young.id,
      verified: young.id,
    })
  })

  test('asks the store for this engine only', async () => {
    const { world, context } = shopWorld()
    const asked: unknown[] = []
    const store = await world.context.openStore()
    const openStore = async (): Promise<typeof store> => ({
      ...store,
      list: async scope => {
        asked.push(scope)
        return [young]
      },
    })
    await gate({ ...context, openStore })
    expect(asked).toEqual([{ engine: shop.engine.id, project: 'shop' }])
  })

  test.each([
    [['--gate', 'soon'], '--gate soon is no time'],
    [['--gate', '0s'], '--gate 0s is no time'],
    [['--gate', '1d', '--verified', '-1d'], ''],
    [['--verified', '30d'], '--verified is a word for --gate'],
    [['--gate', '1d', '--all'], '--gate asks about one project, not about --all'],
  ])('%j is wrong', async (words, what) => {
    const failure = await failureOf(run(shopWorld().context, 'backups', ...words))
    expect(failure).toMatchObject({ reason: 'bad-usage', what: expect.stringContaining(what) })
  })
})

describe('metrics', () => {
  test('go to standard output', async () => {
    const { world, context } = shopWorld()
    world.points.push(young)
    await context.outcomes.remember({
      job: 'backup',
      project: 'other',
      ok: true,
      at: '2026-11-23T20:00:00Z',
      failingSince: null,
      failures: 0,
    })
    expect(await run(context, 'metrics')).toBe(0)
    const read = readExposition(printed)
    expect([...read.keys()].some(name => name.includes('project="other"'))).toBe(false)
    expect(read.get('safe_compose_backup_timestamp_seconds{engine="engine-1",project="shop"}')).toBe(
      Date.parse('2026-11-23T18:15:00Z') / 1000,
    )
    printed = ''
    await run(context, 'metrics', '--all')
    expect(readExposition(printed).get('safe_compose_job_ok{job="backup",project="other"}')).toBe(1)
  })

  test('or as a whole into a file that others can read', async () => {
    const { context } = shopWorld()
    expect(await run(context, 'metrics', '--textfile', 'x.prom')).toBe(0)
    expect(printed).toBe('')
    expect((await stat(join(folder, 'x.prom'))).mode & 0o777).toBe(0o644)
    expect(await readdir(folder)).toEqual(['x.prom'])
  })

  test('never in the place of anything else, and of an earlier one always', async () => {
    const { context } = shopWorld()
    const path = join(folder, 'compose.prom')
    await writeFile(path, 'services: {}\n')
    await symlink(path, join(folder, 'link.prom'))
    const refused = await failureOf(run(context, 'metrics', '--textfile', path))
    expect(refused).toMatchObject({
      reason: 'not-possible',
      what: expect.stringContaining('is not replaced'),
    })
    await failureOf(run(context, 'metrics', '--textfile', join(folder, 'link.prom')))
    expect(await readFile(path, 'utf8')).toBe('services: {}\n')
    await run(context, 'metrics', '--textfile', 'x.prom')
    await run(context, 'metrics', '--textfile', 'x.prom')
    expect((await readdir(folder)).toSorted()).toEqual(['compose.prom', 'link.prom', 'x.prom'])
  })

  test('a file that a collector would pass over is said; one that cannot be written is an error', async () => {
    const { world, context } = shopWorld()
    await run(context, 'metrics', '--textfile', join(folder, 'x.txt'))
    expect(world.events).toEqual([
      { type: 'warning', text: expect.stringContaining('does not end with .prom') },
    ])
    const path = join(folder, 'none', 'x.prom')
    expect(await failureOf(run(context, 'metrics', '--textfile', path))).toEqual({
      reason: 'not-possible',
      what: `${path} cannot be written: its folder is not there`,
      how: 'make its folder, and let this user write there',
    })
  })
})

describe('notify', () => {
  const channels = readChannels(
    [],
    [
      { kind: 'slack', url: 'https://hooks.slack.com/services/s3cr3t' },
      { kind: 'command', command: '/bin/page', on: [] },
    ],
    () => new Error('never'),
  )

  test('lists who is told of what, and what waits', async () => {
    const { context } = shopWorld({ policy: { channels } })
    const notifier = { ...context.notifier, waiting: async () => ['slack (hooks.slack.com)'] }
    expect(await run({ ...context, notifier }, 'notify')).toBe(0)
    expect(printed.split('\n').map(line => line.trim().split(/ {3,}/))).toEqual([
      ['CHANNEL', 'TOLD OF', 'NOT DELIVERED YET'],
      ['1', 'slack (hooks.slack.com)', 'failed, recovered, stale', '1 notice'],
      ['2', 'command (/bin/page)', 'nothing', 'nothing'],
      ['see whether a notice arrives: safe-compose notify --test'],
      [''],
    ])
  })

  test('--test says of each whether it arrived; 1 where one did not', async () => {
    const { context } = shopWorld({ policy: { channels } })
    const test_: Context['notifier']['test'] = async ({ kind }, { summary }) => {
      expect(summary).toContain('nothing has happened')
      return { why: kind === 'slack' ? 'it answered 404' : null, milliseconds: 310 }
    }
    const testing = { ...context, notifier: { ...context.notifier, test: test_ } }
    expect(await run(testing, 'notify', '--test')).toBe(1)
    expect(printed.split('\n')).toEqual([
      '✗  1  slack (hooks.slack.com)  did not arrive: it answered 404 (after 310 ms)',
      '✔  2  command (/bin/page)      arrived in 310 ms',
      '',
    ])
    printed = ''
    expect(await run(testing, 'notify', '--test', '--channel', '2', '--json')).toBe(0)
    expect(JSON.parse(printed)).toEqual([
      { number: 2, channel: 'command (/bin/page)', why: null, milliseconds: 310 },
    ])
  })

  test('what does not exist', async () => {
    const { context } = shopWorld({ policy: { channels } })
    expect(await failureOf(run(context, 'notify', '--test', '--channel', '3'))).toEqual({
      reason: 'bad-usage',
      what: 'there is no channel 3',
      how: 'there are: 1 slack (hooks.slack.com), 2 command (/bin/page)',
    })
    expect(await failureOf(run(context, 'notify', '--channel', 'x'))).toMatchObject({ reason: 'bad-usage' })
    expect(await failureOf(run(shopWorld({ policy: {} }).context, 'notify', '--test'))).toMatchObject({
      what: 'there is nobody to tell: no channel is configured',
    })
  })
})
