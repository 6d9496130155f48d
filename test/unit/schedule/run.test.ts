import { expect, test } from 'vitest'
import { installSchedule, removeSchedule, scheduleStatus } from '../../../src/commands/schedule.ts'
import { runSchedule } from '../../../src/commands/schedule-run.ts'
import { serveSchedule } from '../../../src/commands/schedule-serve.ts'
import type { ScheduleTools } from '../../../src/commands/schedule-tools.ts'
import { Stop } from '../../../src/model/failure.ts'
import type { ChildEnd, Scheduler } from '../../../src/model/ports.ts'
import type { JobRun, SchedulePlan } from '../../../src/model/schedule.ts'
import { aContainer, aProject, aVolume, typed } from '../../fakes/facts.ts'
import { aWorld } from '../../fakes/world.ts'
import type { World } from '../../fakes/world.ts'

const project = typed('ps')

/** A project with one volume, and the book, the timers and the children of its schedule in memory. */
function aSchedule(words: { readonly codes?: Readonly<Record<string, number>> } = {}) {
  const others = ['blog', 'wiki'].map(name =>
    aContainer('db', { project: name, mounts: [`${name}_data:/data`] }),
  )
  const facts = aProject({
    volumes: [aVolume('shop_data')],
    containers: [aContainer('db', { mounts: ['shop_data:/data'] }), ...others],
  })
  const world = aWorld({ facts })
  const runs = new Map<string, JobRun[]>()
  const children: string[] = []
  const signals: (() => void)[] = []
  const placed: string[] = []
  let plan: SchedulePlan | null = null
  let busy: string | null = null
  let atChild: (line: string) => Promise<void> = async () => {}
  const scheduler: Scheduler = {
    kind: 'crontab',
    whyNot: async () => null,
    texts: () => [],
    has: async () => true,
    install: async ({ key }) => {
      placed.push(key)
      return ['wrote a line']
    },
    remove: async () => [],
    next: async () => null,
  }
  const tools: ScheduleTools = {
    book: {
      script: key => `/state/${key}.sh`,
      log: key => `/state/${key}.log`,
      plan: async () => plan,
      keep: async kept => {
        plan = kept
      },
      forget: async () => {
        plan = null
      },
      runs: async key => runs.get(key) ?? [],
      addRun: async (key, run) => {
        runs.set(key, [...(runs.get(key) ?? []), run])
      },
      lock: async () => (busy === null ? { release: async () => {} } : { since: busy }),
      running: async () => busy,
    },
    schedulers: [scheduler],
    calendar: {
      next: async () => new Date('2026-11-23T23:12:00.000Z'),
      last: async () => new Date('2026-11-23T18:12:00.000Z'),
    },
    runner: {
      start: (line, { directory }) => {
        const text = `${directory}: ${line.join(' ')}`
        children.push(text)
        const code = words.codes?.[Object.keys(words.codes).find(part => text.includes(part)) ?? ''] ?? 0
        const ended = atChild(text).then((): ChildEnd => ({ code, signal: null }))
        return { ended, end: () => void children.push('ended') }
      },
      onEnd: listener => void signals.push(listener),
      sleep: async () => {
        for (const signal of signals) signal()
      },
    },
    zone: 'UTC',
    start: ['/usr/bin/node', '--', '/opt/safe-compose.js'],
    isRoot: false,
    given: { HOME: '/root' },
    tables: { verified: () => 'verified\n', schedule: () => 'schedule\n' },
  }
  return {
    world,
    tools,
    runs,
    children,
    signals,
    placed,
    plan: () => plan,
    setBusy: (since: string) => {
      busy = since
    },
    onChild: (work: (line: string) => Promise<void>) => {
      atChild = work
    },
  }
}

const wishes = { every: '6h', cron: null, verify: 'off', full: 'off' } as const
const asked = { job: null, ifDue: false } as const

/** What came of each job, by every key. */
function outcomes(runs: ReadonlyMap<string, readonly JobRun[]>): readonly string[] {
  return [...runs.values()].flat().map(({ job, code }) => `${job} ${code}`)
}

function told({ log }: World): readonly string[] {
  return log.filter(line => line.startsWith('tell '))
}

test('a run takes a restore point on schedule, lets go of old ones, remembers both and tells', async () => {
  const { world, tools, runs } = aSchedule()
  expect(await runSchedule(world.context, project, asked, tools)).toBe(0)
  expect(world.points.map(({ manifest }) => manifest.reason)).toEqual(['schedule'])
  expect(outcomes(runs)).toEqual(['backup 0', 'prune 0'])
  expect([...runs.keys()]).toEqual([expect.stringMatching(/^shop-[0-9a-f]{6}$/)])
  expect(told(world)).toHaveLength(2)
})

test('a run that fails is remembered and told with why, and ends with 1', async () => {
  const { world, tools, runs } = aSchedule()
  world.on.set('copy shop_data', () => {
    throw new Stop({ reason: 'store-unusable', path: '/b', why: 'the disk is gone', how: 'look' })
  })
  expect(await runSchedule(world.context, project, asked, tools)).toBe(1)
  expect(outcomes(runs)).toEqual(['backup 1'])
  expect([...runs.values()].flat()[0]?.summary).toMatch(/^backup of shop failed: .*the disk is gone/)
  expect(told(world)[0]).toMatch(/the disk is gone/)
})

test('a run that cannot begin, since the disk of our state is full, is told', async () => {
  const { world, tools } = aSchedule()
  const full = new Stop({ reason: 'not-possible', what: 'no space left on device', how: '' })
  const book = { ...tools.book, lock: () => Promise.reject(full) }
  await expect(runSchedule(world.context, project, asked, { ...tools, book })).rejects.toBe(full)
  expect(told(world)).toEqual([expect.stringContaining('backup of shop failed: no space left on device')])
})

test('a second run at the same time does nothing, says so and is no failure', async () => {
  const { world, tools, runs, setBusy } = aSchedule()
  setBusy('2026-11-23T20:10:00.000Z')
  expect(await runSchedule(world.context, project, asked, tools)).toBe(0)
  expect(world.points).toEqual([])
  expect(runs.size).toBe(0)
  expect(world.events).toEqual([
    { type: 'warning', text: 'another run is at work, begun 5 min ago: nothing is done' },
  ])
})

test('when nothing is due nothing is done and nothing said; what was missed is made up for, once', async () => {
  const { world, tools, runs } = aSchedule()
  await installSchedule(world.context, project, { ...wishes, scope: null, print: false }, tools)
  const ifDue = { job: null, ifDue: true } as const
  expect(await runSchedule(world.context, project, ifDue, tools)).toBe(0)
  expect(world.points).toHaveLength(1)
  const said = world.events.length
  expect(await runSchedule(world.context, project, ifDue, tools)).toBe(0)
  expect(world.points).toHaveLength(1)
  expect(world.events).toHaveLength(said)
  expect(outcomes(runs)).toEqual(['backup 0', 'prune 0'])
})

test('every project of the host is saved and read back, each by itself, this one only read back', async () => {
  const { world, tools, runs, children } = aSchedule()
  expect(await runSchedule(world.context, project, { job: 'full', ifDue: false }, tools)).toBe(0)
  const where = '--project-directory /srv/shop -f /srv/shop/compose.yaml'
  expect(children).toEqual([
    `/srv/shop: -p blog ${where} schedule run --job backup`,
    `/srv/shop: -p blog ${where} verify --latest --level read`,
    `/srv/shop: -p shop ${where} verify --latest --level read`,
    `/srv/shop: -p wiki ${where} schedule run --job backup`,
    `/srv/shop: -p wiki ${where} verify --latest --level read`,
  ])
  expect(outcomes(runs)).toEqual(['backup 0', 'prune 0', 'full 0'])
})

test('a project that fails stops no other, and the run ends with 1 and says which', async () => {
  const { world, tools, runs, children } = aSchedule({ codes: { blog: 1 } })
  expect(await runSchedule(world.context, project, { job: 'full', ifDue: false }, tools)).toBe(1)
  expect(children.filter(line => line.includes('wiki'))).toHaveLength(2)
  expect([...runs.values()].flat().at(-1)?.summary).toBe('1 of 3 projects not saved: blog (backup)')
})

test('nor does one whose directory is gone, in which nothing can be started', async () => {
  const { world, tools, runs, children, onChild } = aSchedule()
  onChild(async line => {
    if (line.includes('blog')) throw new Error('spawn ENOENT')
  })
  expect(await runSchedule(world.context, project, { job: 'full', ifDue: false }, tools)).toBe(1)
  expect(children.filter(line => line.includes('wiki'))).toHaveLength(2)
  expect([...runs.values()].flat().at(-1)?.summary).toBe('1 of 3 projects not saved: blog (backup)')
  expect(world.events.at(-1)).toEqual({
    type: 'warning',
    text: 'a run in /srv/shop could not be started: spawn ENOENT',
  })
})

test('served, a run that cannot be started is said, and the schedule goes on', async () => {
  const { world, tools, children, onChild } = aSchedule()
  onChild(() => Promise.reject(new Error('spawn ENOENT')))
  expect(await serveSchedule(world.context, project, wishes, tools)).toBe(0)
  expect(children).toHaveLength(1)
  expect(world.events).toEqual([expect.objectContaining({ type: 'warning' })])
})

test('a run over the whole host that failed is seen in the status of the schedule that begins it', async () => {
  const { world, tools, runs } = aSchedule({ codes: { blog: 1 } })
  const options = { ...wishes, full: 'weekly', scope: null, print: false } as const
  await installSchedule(world.context, project, options, tools)
  expect(await scheduleStatus(world.context, project, { json: false }, tools)).toBe(0)
  expect(await runSchedule(world.context, project, { job: 'full', ifDue: false }, tools)).toBe(1)
  expect(outcomes(runs)).toEqual(['backup 0', 'prune 0', 'full 1'])
  expect(await scheduleStatus(world.context, project, { json: false }, tools)).toBe(1)
  await installSchedule(world.context, project, { ...options, full: 'off' }, tools)
  expect(await scheduleStatus(world.context, project, { json: false }, tools)).toBe(0)
})

test('what cannot be taken back is not said to be gone, and its script stays', async () => {
  const { world, tools, plan } = aSchedule()
  await installSchedule(world.context, project, { ...wishes, scope: null, print: false }, tools)
  const [crontab] = tools.schedulers
  if (crontab === undefined) throw new Error('no scheduler')
  const away = { ...crontab, whyNot: async () => 'it does not answer' }
  await expect(
    removeSchedule(world.context, project, { ...tools, schedulers: [away] }),
  ).rejects.toMatchObject({
    failure: {
      what: "the schedule of shop cannot be taken back from this user's crontab: it does not answer",
    },
  })
  expect(plan()).not.toBeNull()
  const gone = { ...away, has: () => Promise.reject(new Error('there is no crontab program')) }
  expect(await removeSchedule(world.context, project, { ...tools, schedulers: [gone] })).toBe(0)
  expect(plan()).toBeNull()
})

test('a store whose address has a password in it is not left out in silence', async () => {
  const { world, tools } = aSchedule()
  const given = { ...tools.given, SAFE_COMPOSE_STORE: 'restic:rest:https://me:geheim@backup.example/shop' }
  const options = { ...wishes, scope: null, print: false } as const
  const installed = installSchedule(world.context, project, options, { ...tools, given })
  await expect(installed).rejects.toMatchObject({ failure: { reason: 'bad-usage' } })
  await expect(installed).rejects.not.toMatchObject({ failure: { what: expect.stringContaining('geheim') } })
  // What is served hands on its own variables: nothing is lacking, and nothing said.
  expect(await serveSchedule(world.context, project, wishes, { ...tools, given })).toBe(0)
  expect(world.events).toEqual([])
})

test('served, it starts a run at once when one is due, waits, and ends after the run that is at work', async () => {
  const { world, tools, runs, children, signals, plan, onChild } = aSchedule()
  onChild(async () => {
    const key = plan()?.key ?? ''
    const began = world.context.host.now().toISOString()
    runs.set(key, [{ job: 'backup', began, ended: began, code: 0, summary: '', restorePoint: 'x' }])
    for (const signal of signals) signal()
  })
  expect(await serveSchedule(world.context, project, wishes, tools)).toBe(0)
  expect(children).toEqual(['/srv/shop: schedule run'])
  expect(plan()?.startedBy).toBe('serve')
})

test('served, a second signal ends the run that is at work', async () => {
  const { world, tools, children, signals, onChild } = aSchedule()
  onChild(async () => {
    await Promise.resolve()
    for (const signal of [...signals, ...signals]) signal()
  })
  expect(await serveSchedule(world.context, project, wishes, tools)).toBe(143)
  expect(children).toEqual(['/srv/shop: schedule run', 'ended'])
})

test('served, a run that cannot even begin is not begun again at once', async () => {
  const { world, tools, children } = aSchedule({ codes: { 'schedule run': 123 } })
  expect(await serveSchedule(world.context, project, wishes, tools)).toBe(0)
  expect(children).toHaveLength(1)
})

test('what cannot be placed leaves no plan behind', async () => {
  const { world, tools, plan } = aSchedule()
  const [crontab] = tools.schedulers
  if (crontab === undefined) throw new Error('no scheduler')
  const failure = new Stop({ reason: 'not-possible', what: 'no', how: '' })
  const schedulers = [{ ...crontab, install: () => Promise.reject(failure) }]
  const options = { ...wishes, scope: null, print: false } as const
  await expect(installSchedule(world.context, project, options, { ...tools, schedulers })).rejects.toBe(
    failure,
  )
  expect(plan()).toBeNull()
})

test('without anything that starts programs it prints what belongs there, and fails', async () => {
  const { world, tools } = aSchedule()
  const [crontab] = tools.schedulers
  if (crontab === undefined) throw new Error('no scheduler')
  const schedulers = [
    {
      ...crontab,
      whyNot: async () => 'there is no crontab program',
      texts: () => [{ place: 'x', text: 'line\n' }],
    },
  ]
  const printed: string[] = []
  const context = { ...world.context, print: (text: string) => void printed.push(text) }
  const options = { ...wishes, scope: null, print: false } as const
  await expect(installSchedule(context, project, options, { ...tools, schedulers })).rejects.toMatchObject({
    failure: { what: 'nothing on this machine starts backups by itself (there is no crontab program)' },
  })
  expect(printed).toEqual(['# x\nline\n'])
})
