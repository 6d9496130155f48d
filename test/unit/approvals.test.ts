import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openApprovals } from '../../src/adapters/state/approvals.ts'
import type { ApprovalBook, PendingApproval } from '../../src/adapters/state/approvals.ts'
import { openProjectMemory } from '../../src/adapters/state/project-memory.ts'
import { Stop } from '../../src/model/failure.ts'

let folder: string
let clock: Date
let random: number[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-approvals-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  clock = new Date('2026-11-23T20:15:00Z')
  random = []
})

function open(): ApprovalBook {
  return openApprovals({
    folder: join(folder, 'approvals'),
    now: () => clock,
    random: bytes =>
      Uint8Array.from({ length: bytes }, () => random.shift() ?? Math.floor(Math.random() * 256)),
  })
}

function refusal(key = 'down -v'): PendingApproval {
  return {
    key,
    argv: ['compose', 'down', '-v'],
    directory: '/srv/shop',
    engine: 'engine-1',
    project: 'shop',
    holdings: ['down --volumes deletes shop_pgdata'],
    refusedAt: clock.toISOString(),
  }
}

function pass(minutes: number): void {
  clock = new Date(clock.getTime() + minutes * 60_000)
}

describe('an approval', () => {
  test('lets exactly this through, once', async () => {
    const code = await open().remember(refusal())
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{2}-[0-9A-HJKMNP-TV-Z]{3}$/)
    expect(await open().find(code)).toEqual(refusal())
    expect(await open().take('down -v')).toBe(null)
    await open().grant(code)
    expect(await open().take('down -v --rmi all')).toBe(null)
    expect(await open().take('down -v')).toBe(code)
    expect(await open().take('down -v')).toBe(null)
    expect(await open().find(code)).toBe(null)
  })

  test('a code is read as a person may type it', async () => {
    random = [0, 1, 2, 3, 10]
    const code = await open().remember(refusal())
    expect(code).toBe('01-23A')
    for (const typed of ['01-23A', '01-23a', 'oi-23a', 'OL23A', ' 01 23a ']) {
      expect(await open().find(typed), typed).toEqual(refusal())
    }
    for (const typed of ['', '01-23', '../01-23A', '01-23B', '01-23A.json', '01-23AA']) {
      expect(await open().find(typed), typed).toBe(null)
    }
  })

  test('the same refusal keeps its code, another gets another, even if chance repeats itself', async () => {
    random = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
    const first = await open().remember(refusal())
    expect(await open().remember(refusal())).toBe(first)
    const other = await open().remember(refusal('other'))
    expect(other).not.toBe(first)
    expect(await open().find(first)).toEqual(refusal())
  })

  test('a refusal waits 15 minutes, an approval is good for 15 minutes', async () => {
    const late = await open().remember(refusal())
    pass(15.1)
    expect(await open().find(late)).toBe(null)
    await expect(open().grant(late)).rejects.toThrow(Stop)

    const code = await open().remember(refusal())
    pass(14)
    await open().grant(code)
    pass(14)
    expect(await open().take('down -v')).toBe(code)

    const again = await open().remember(refusal())
    await open().grant(again)
    pass(15.1)
    expect(await open().take('down -v')).toBe(null)
  })

  test('what is over is cleared away', async () => {
    const code = await open().remember(refusal('a'))
    await open().grant(code)
    await open().remember(refusal('b'))
    pass(16)
    await open().remember(refusal('c'))
    expect(await readdir(join(folder, 'approvals', 'granted'))).toEqual([])
    expect(await readdir(join(folder, 'approvals', 'pending'))).toHaveLength(1)
  })

  test('of many who take it or grant it at once one succeeds', async () => {
    const code = await open().remember(refusal())
    const grants = await Promise.allSettled(Array.from({ length: 8 }, () => open().grant(code)))
    expect(grants.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const taken = await Promise.all(Array.from({ length: 8 }, () => open().take('down -v')))
    expect(taken.filter(each => each !== null)).toEqual([code])
  })

  test('only its owner can read it; a file that is none of ours is passed over', async () => {
    const code = await open().remember(refusal())
    const pending = join(folder, 'approvals', 'pending')
    expect((await stat(join(pending, `${code}.json`))).mode & 0o777).toBe(0o600)
    expect((await stat(pending)).mode & 0o777).toBe(0o700)
    await writeFile(join(pending, 'ZZ-ZZZ.json'), 'half a fi')
    expect(await open().find('ZZ-ZZZ')).toBe(null)
    expect(await open().remember(refusal())).toBe(code)
  })

  test('where it cannot be written, it stays a refusal with the reason', async () => {
    await writeFile(join(folder, 'approvals'), 'a file')
    const error = await open()
      .remember(refusal())
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Stop)
    expect((error as Stop).failure).toMatchObject({
      reason: 'refused',
      why: expect.stringContaining('approvals'),
    })
  })
})

describe('what is remembered of a project', () => {
  const file = (): string => join(folder, 'state', 'projects.json')
  const memory = (): ReturnType<typeof openProjectMemory> => openProjectMemory(file(), () => clock)

  test('"always" counts for that directory only, and outlasts the process', async () => {
    expect(await memory().alwaysBacksUp('/srv/shop')).toBe(false)
    await memory().rememberAlways('/srv/shop')
    expect(await memory().alwaysBacksUp('/srv/shop')).toBe(true)
    expect(await memory().alwaysBacksUp('/srv')).toBe(false)
    expect(await memory().alwaysBacksUp('constructor')).toBe(false)
    expect((await stat(file())).mode & 0o777).toBe(0o600)
  })

  test('a warning is given once per project, however many come at once', async () => {
    const one = memory()
    const texts = ['a', 'b', 'c', 'd']
    expect(await Promise.all(texts.map(text => one.firstTime('/srv/shop', text)))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(await Promise.all(texts.map(text => memory().firstTime('/srv/shop', text)))).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(await memory().firstTime('/srv/other', 'a')).toBe(true)
  })

  test('the newest 200 warnings are kept, and "always" with them', async () => {
    const one = memory()
    await one.rememberAlways('/srv/shop')
    for (let count = 0; count <= 200; count++) await one.firstTime('/srv/shop', `warning ${count}`)
    expect(await memory().firstTime('/srv/shop', 'warning 1')).toBe(false)
    expect(await memory().firstTime('/srv/shop', 'warning 0')).toBe(true)
    expect(await memory().alwaysBacksUp('/srv/shop')).toBe(true)
  })

  test.each([['{ half'], ['{"format": 2, "projects": {}}'], ['[]'], ['null']])(
    'a file with %s in it is named, with the way out',
    async text => {
      const path = join(folder, 'projects.json')
      await writeFile(path, text)
      const error = await openProjectMemory(path, () => clock)
        .alwaysBacksUp('/srv/shop')
        .catch((thrown: unknown) => thrown)
      expect((error as Stop).failure).toMatchObject({
        reason: 'bad-configuration',
        file: path,
        how: expect.stringContaining('delete it'),
      })
    },
  )

  test('where nothing can be written a warning is given again, and an answer fails clearly', async () => {
    await writeFile(join(folder, 'state'), 'a file')
    const blocked = openProjectMemory(join(folder, 'state', 'deep', 'projects.json'), () => clock)
    expect(await blocked.firstTime('/srv/shop', 'a')).toBe(true)
    expect(await blocked.firstTime('/srv/shop', 'a')).toBe(true)
    const error = await blocked.rememberAlways('/srv/shop').catch((thrown: unknown) => thrown)
    expect((error as Stop).failure).toMatchObject({
      reason: 'not-possible',
      what: expect.stringContaining('projects.json'),
    })
  })
})
