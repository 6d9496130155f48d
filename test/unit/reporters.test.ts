import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Event, Reporter } from '../../src/model/event.ts'
import { openPaint, wantsColor } from '../../src/ui/color.ts'
import { jsonReporter } from '../../src/ui/json.ts'
import { progressLine } from '../../src/ui/progress.ts'
import { textReporter } from '../../src/ui/text.ts'
import {
  aDecision,
  aForecast,
  aPlan,
  aRestorePoint,
  aVolume,
  downV,
  evening,
  shopStakes,
} from '../fakes/question.ts'
import type { EventOf } from '../fakes/question.ts'

class Screen extends Writable {
  readonly isTTY: boolean
  readonly columns = 100
  printed = ''

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.printed += String(chunk)
    done()
  }

  cursorTo(): boolean {
    return true
  }

  clearLine(): boolean {
    return true
  }

  moveCursor(): boolean {
    return true
  }
}

const holding = aVolume('shop_pgdata')
const decision = aDecision({ verdict: 'back-up', stakes: shopStakes({ verdict: 'back-up' }) })
const found: Event = { type: 'found', decision, project: 'shop', command: downV, newest: null, kept: [] }

function progress(done: number, change: Partial<EventOf<'progress'>> = {}): EventOf<'progress'> {
  return {
    type: 'progress',
    what: 'backing up',
    holding,
    done,
    total: 1_200_000_000,
    rate: 410_000_000,
    ...change,
  }
}

const copied: Event = {
  type: 'copied',
  holding,
  bytes: 1_200_000_000,
  stored: 310_000_000,
  milliseconds: 3100,
}
const saved: Event = {
  type: 'saved',
  manifest: aRestorePoint({ id: '20261123T201631Z-preflight-down' }).manifest,
  bytes: 1_200_000_000,
  stored: 310_000_000,
  milliseconds: 5200,
}
const ended: Event = {
  type: 'compose-ended',
  exitCode: 0,
  gone: [holding],
  kept: [],
  restorePoint: '20261123T201631Z-preflight-down',
  audience: 'script',
}

async function text(isTerminal: boolean, verbose = false) {
  const screen = new Screen(isTerminal)
  let clock = evening.getTime()
  const reporter = await textReporter({
    stderr: screen,
    isTerminal,
    color: false,
    verbose,
    now: () => new Date(clock),
  })
  const pass = (milliseconds: number): void => {
    clock += milliseconds
  }
  return { screen, reporter, pass }
}

function sayAll(reporter: Reporter, ...events: readonly Event[]): void {
  for (const event of events) reporter.say(event)
}

describe('one line about a copy', () => {
  test('what, how much, how fast, how long still', () => {
    expect(progressLine(progress(852_000_000), 'PostgreSQL 15', 120)).toBe(
      'backing up  shop_pgdata  PostgreSQL 15  1.2 GB  ███████████░░░░░  71%  410 MB/s  1 s left',
    )
  })

  test('gives way where the terminal is narrow: the label, then the bar, then the end', () => {
    const at = (width: number): string => progressLine(progress(852_000_000), 'PostgreSQL 15', width)
    expect(at(80)).toBe('backing up  shop_pgdata  1.2 GB  ███████████░░░░░  71%  410 MB/s  1 s left')
    expect(at(60)).toBe('backing up  shop_pgdata  1.2 GB  71%  410 MB/s  1 s left')
    expect(at(30)).toBe('backing up  shop_pgdata  1.2 …')
  })

  test('says only what is known, and never that it is done', () => {
    expect(progressLine(progress(5_000_000, { total: null, rate: null }), '', 100)).toBe(
      'backing up  shop_pgdata  5 MB',
    )
    expect(progressLine(progress(2_000_000_000, { rate: null }), '', 100)).toBe(
      'backing up  shop_pgdata  2 GB  ████████████████  99%',
    )
    expect(progressLine(progress(0, { what: 'restoring', total: 0, rate: 0 }), '', 100)).toBe(
      'restoring   shop_pgdata  0 B',
    )
  })

  test('wide letters count twice', () => {
    const line = progressLine(
      progress(1, { holding: aVolume('日本語'.repeat(10)), total: null, rate: null }),
      '',
      40,
    )
    expect(line).toBe(`backing up  ${'日本語'.repeat(4)}日…`)
  })
})

describe('text without a terminal', () => {
  test('the deploy of the storyboard: one line, the backup, the way back', async () => {
    const { screen, reporter, pass } = await text(false)
    sayAll(reporter, found, progress(1), progress(600_000_000, { total: 900_000_000 }), copied, saved)
    pass(1000)
    sayAll(reporter, { type: 'compose-starts', argv: downV }, ended)
    expect(screen.printed).toBe(
      [
        'safe-compose: down -v deletes shop_pgdata (PostgreSQL 15, 1.2 GB) and shop_redis (Redis 7, 38 MB)',
        'safe-compose: backing up shop_pgdata (1.2 GB) …',
        'safe-compose: backed up shop_pgdata: 1.2 GB → 310 MB in 3.1 s',
        'safe-compose: saved 20261123T201631Z-preflight-down in 5.2 s; undo with: safe-compose undo 20261123T201631Z-preflight-down',
        'safe-compose: deleted 1 volume. Bring it back with: safe-compose undo 20261123T201631Z-preflight-down',
        '',
      ].join('\n'),
    )
  })

  test('a short copy is silent, one that turns out long gets its two lines', async () => {
    const short = await text(false)
    sayAll(short.reporter, progress(1, { total: 5000 }), progress(5000, { total: 5000 }), copied)
    expect(short.screen.printed).toBe('')

    const long = await text(false)
    long.reporter.say(progress(1, { total: null }))
    long.pass(4000)
    long.reporter.say(progress(2, { total: null }))
    expect(long.screen.printed).toBe('')
    long.pass(1500)
    sayAll(long.reporter, progress(3, { total: null }), progress(4, { total: null }), copied)
    expect(long.screen.printed).toBe(
      'safe-compose: backing up shop_pgdata …\nsafe-compose: backed up shop_pgdata: 1.2 GB → 310 MB in 3.1 s\n',
    )
  })

  test('details only when they are asked for', async () => {
    const detail: Event = { type: 'detail', text: 'looked in 80 ms' }
    const quiet = await text(false)
    quiet.reporter.say(detail)
    expect(quiet.screen.printed).toBe('')
    const verbose = await text(false, true)
    sayAll(verbose.reporter, detail, copied)
    expect(verbose.screen.printed).toContain('safe-compose: looked in 80 ms\n')
    expect(verbose.screen.printed).toContain('backed up shop_pgdata')
  })

  test('a refusal is said once', async () => {
    const { screen, reporter } = await text(false)
    const refusal = aDecision({ verdict: 'refuse', stakes: shopStakes({ verdict: 'refuse' }) })
    sayAll(
      reporter,
      {
        type: 'refused',
        decision: refusal,
        code: 'K7-2Q9',
        anotherProject: 'keeps-apart',
        project: 'shop',
        command: downV,
      },
      { type: 'failed', failure: { reason: 'refused', why: 'x' }, kind: 'guarded', command: downV },
    )
    expect(screen.printed.match(/refused/g)).toHaveLength(1)
    const alone = await text(false)
    alone.reporter.say({
      type: 'failed',
      failure: { reason: 'refused', why: 'x' },
      kind: 'guarded',
      command: downV,
    })
    expect(alone.screen.printed).toBe('safe-compose: refused: x\n  Nothing was changed.\n')
  })

  test('what was stopped for a copy that failed is named', async () => {
    const { screen, reporter } = await text(false)
    const containers = [{ service: 'db', name: 'shop-db-1' }] as unknown as EventOf<'stopped'>['containers']
    sayAll(
      reporter,
      { type: 'resumed', containers },
      {
        type: 'failed',
        failure: { reason: 'backup-failed', holding: 'shop_pgdata', why: 'x', how: 'y' },
        kind: 'guarded',
        command: downV,
      },
    )
    expect(screen.printed).toContain(
      '  db was stopped for the copy and is running again. Nothing was deleted.\n',
    )
  })

  test('every event has its words or its silence', async () => {
    const { screen, reporter } = await text(false, true)
    sayAll(
      reporter,
      { type: 'plan', forecast: aForecast(aPlan(decision)) },
      { type: 'backup-spared', restorePoint: aRestorePoint() },
      { type: 'stopped', containers: [], why: 'x' },
      { type: 'answered', answer: 'stop' },
      { type: 'recovered', what: 'cleared', details: ['a'] },
      { type: 'undo', step: 'restored', details: ['a'] },
      { type: 'restore', step: 'checked', holding, details: [] },
      { type: 'restore', step: 'safety', holding: null, details: ['b'] },
      { type: 'restore', step: 'put-back', holding: null, details: ['c'] },
      { type: 'restore', step: 'started', holding: null, details: [] },
      { type: 'restore', step: 'begin', holding: null, details: ['d'] },
      { type: 'warning', text: 'w' },
    )
    expect(screen.printed.split('\n').slice(-9)).toEqual([
      'safe-compose: cleared away what it left',
      '  a',
      '  restored    a',
      'safe-compose: what stood there is in restore point b',
      'safe-compose: put back what stood in c before',
      'safe-compose: restored; what ran before runs again',
      'safe-compose: restoring d',
      'safe-compose: warning: w',
      '',
    ])
  })
})

describe('text on a terminal', () => {
  test('a spinner shows the copy, with what it is, and is gone when Compose starts', async () => {
    const { screen, reporter, pass } = await text(true)
    sayAll(reporter, found, progress(300_000_000))
    await expect.poll(() => screen.printed, { timeout: 5000 }).toContain('backing up  shop_pgdata')
    pass(200)
    reporter.say(progress(852_000_000))
    await expect.poll(() => screen.printed, { timeout: 5000 }).toContain('71%')
    expect(stripVTControlCharacters(screen.printed)).toContain('PostgreSQL 15  1.2 GB  ███████████░░░░░  71%')
    sayAll(reporter, copied, saved, { type: 'compose-starts', argv: downV })
    const before = screen.printed
    expect(
      before.endsWith('  saved       20261123T201631Z-preflight-down  (1.2 GB → 310 MB in 5.2 s, checked)\n'),
    ).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 250))
    expect(screen.printed).toBe(before)
  })

  test('quiet may come before the spinner is loaded, and more than once', async () => {
    const { screen, reporter } = await text(true)
    reporter.say(progress(1))
    reporter.quiet()
    reporter.quiet()
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(screen.printed).toBe('')
  })
})

describe('JSON', () => {
  function json(verbose = false) {
    const screen = new Screen(false)
    let clock = evening.getTime()
    const reporter = jsonReporter({ stderr: screen, verbose, now: () => new Date(clock) })
    const pass = (milliseconds: number): void => {
      clock += milliseconds
    }
    const lines = (): readonly Record<string, unknown>[] =>
      screen.printed
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>)
    return { screen, reporter, pass, lines }
  }

  test('one object a line: the event, its time, and words where they matter', () => {
    const { reporter, lines } = json()
    const failure = { reason: 'declined' } as const
    sayAll(
      reporter,
      found,
      { type: 'plan', forecast: aForecast(aPlan(decision)) },
      { type: 'failed', failure, kind: 'guarded', command: downV },
    )
    expect(lines()).toHaveLength(3)
    expect(lines()[0]).toEqual({ time: evening.toISOString(), ...found })
    expect(lines()[1]).toMatchObject({
      type: 'plan',
      text: expect.arrayContaining([expect.stringContaining('2 destroyed')]),
    })
    expect(lines()[2]).toMatchObject({
      type: 'failed',
      failure,
      exitCode: 122,
      text: ['safe-compose: stopped. Nothing was changed.'],
    })
  })

  test('an agent reads the code of its refusal', () => {
    const { reporter, lines } = json()
    reporter.say({
      type: 'refused',
      decision,
      code: 'K7-2Q9',
      anotherProject: 'keeps-apart',
      project: 'shop',
      command: downV,
    })
    expect(lines()[0]).toMatchObject({
      code: 'K7-2Q9',
      text: expect.arrayContaining([expect.stringContaining('approve K7-2Q9')]),
    })
  })

  test('progress once a second, details when asked for', () => {
    const { reporter, pass, lines } = json()
    for (let step = 0; step < 25; step++) {
      reporter.say(progress(step))
      pass(100)
    }
    reporter.say({ type: 'detail', text: 'x' })
    expect(lines().map(line => line['done'])).toEqual([0, 10, 20])
    const verbose = json(true)
    verbose.reporter.say({ type: 'detail', text: 'x' })
    expect(verbose.lines()).toHaveLength(1)
  })

  test('nothing in it moves a terminal', () => {
    const { screen, reporter, lines } = json()
    reporter.say({ type: 'warning', text: 'a\u001B[2J\n\u009B\u202E\u2066b' })
    expect(screen.printed.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/)
    expect(lines()[0]?.['text']).toBe('a\u001B[2J\n\u009B\u202E\u2066b')
  })
})

describe('colour', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('%j, terminal %s: %s', (variables, isTerminal, color) => {
    expect(wantsColor(variables, isTerminal)).toBe(color)
  })

  test('adds nothing to the words', async () => {
    const lines = [
      'safe-compose: warning: x',
      'safe-compose: refused: `down -v` would delete y.',
      'safe-compose: NOT run: `docker compose down -v`',
      'safe-compose: this deletes 2 volumes',
      '  shop_pgdata   1.2 GB',
      '',
    ]
    const [plain, colored] = await Promise.all([openPaint(false), openPaint(true)])
    expect(lines.map(plain)).toEqual(lines)
    expect(lines.map(line => stripVTControlCharacters(colored(line)))).toEqual(lines)
    expect(colored(lines[0] ?? '')).not.toBe(lines[0])
  })
})
