import { describe, expect, test } from 'vitest'
import { decide } from '../../src/core/decision.ts'
import { findFindings } from '../../src/core/findings.ts'
import { keepTheData } from '../../src/core/keep-the-data.ts'
import { planFor, renderPlan } from '../../src/core/plan.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import type { Audience, Plan, Policy } from '../../src/model/decision.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { Contents } from '../../src/model/holding.ts'
import { nameOfHolding } from '../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anonymousName,
  circumstances,
  now,
  typed,
} from '../fakes/facts.ts'

const a = anonymousName('a')
const db = aContainer('db', { mounts: ['shop_pgdata:/d'] })
const web = aContainer('web', { mounts: ['shop_uploads:/u'] })
const front = aContainer('front', { mounts: ['shop_uploads:/u'] })
const reader = aContainer('reader', { mounts: ['shop_uploads:/u:ro'] })
const services = [
  aService('db', { mounts: ['pgdata:/d'] }),
  aService('web', { mounts: ['uploads:/u'], dependsOn: ['db'] }),
  aService('front', { mounts: ['uploads:/u'], dependsOn: ['web'] }),
  aService('reader', { mounts: ['uploads:/u:ro'] }),
]
const shop = {
  services,
  containers: [db, reader, web, front],
  volumes: [aVolume('shop_pgdata'), aVolume('shop_uploads')],
}

const postgres: Contents = {
  empty: false,
  bytes: 1_200_000_000,
  lastWrite: null,
  database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: null },
  cache: null,
}
const contentsByName: Readonly<Record<string, Contents>> = {
  shop_pgdata: postgres,
  shop_empty: { ...postgres, empty: true, bytes: 0, database: null },
}

function planOf(
  line: string,
  facts: Facts = aProject(shop),
  { audience = { kind: 'person' }, policy = {} }: { audience?: Audience; policy?: Partial<Policy> } = {},
): Plan {
  const invocation = typed(line)
  const findings = findFindings(facts, invocation, circumstances())
  const decision = decide({
    stakes: findings.map(finding => ({
      finding,
      contents: contentsByName[nameOfHolding(finding.holding)] ?? null,
    })),
    policy: { ...defaultPolicy, ...policy },
    audience,
    restorePoints: [],
    created: [],
    approval: null,
    now,
    volumes: facts.volumes,
  })
  return planFor(decision, facts, invocation)
}

/** The steps as short lines: what, on whom. */
function stepsOf(plan: Plan): readonly string[] {
  return plan.steps.map(step => {
    if (step.type === 'copy') return `copy ${nameOfHolding(step.holding)} ${step.consistency}`
    if (step.type === 'compose') return `compose ${step.argv.join(' ')}`
    return `${step.type} ${step.containers.map(id => id.replace(/^id-of-/, '')).join(' ')}`
  })
}

describe('where something is destroyed', () => {
  test('the project’s writers are stopped, dependents first, copied cold, and stay stopped', () => {
    expect(stepsOf(planOf('down -v'))).toEqual([
      'stop shop-front-1 shop-web-1 shop-db-1',
      'copy shop_pgdata cold',
      'copy shop_uploads cold',
      'compose compose down -v',
    ])
  })

  test('stopped writers need no stop', () => {
    const containers = shop.containers.map(container => ({ ...container, state: 'exited' as const }))
    expect(stepsOf(planOf('down -v', aProject({ ...shop, containers })))).toEqual([
      'copy shop_pgdata cold',
      'copy shop_uploads cold',
      'compose compose down -v',
    ])
  })

  test('a writer that is paused already writes nothing, and is left as it is', () => {
    const containers = [{ ...db, state: 'paused' as const }]
    expect(stepsOf(planOf('down -v db', aProject({ ...shop, containers })))).toEqual([
      'copy shop_pgdata paused',
      'compose compose down -v db',
    ])
  })

  test('a container that the engine would delete with its stop is paused and goes on', () => {
    const job = aContainer('db', {
      name: 'job',
      oneOff: true,
      number: null,
      mounts: ['shop_pgdata:/d'],
      details: { autoRemove: true },
    })
    const facts = aProject({ ...shop, containers: [db, job] })
    expect(stepsOf(planOf('down -v --remove-orphans db', facts))).toEqual([
      'stop shop-db-1',
      'pause job',
      'copy shop_pgdata paused',
      'resume job',
      'compose compose down -v --remove-orphans db',
    ])
  })

  test('by the labels of containers where there is no file', () => {
    const labelled = {
      ...web,
      labels: { ...web.labels, 'com.docker.compose.depends_on': 'db:service_started:true' },
    }
    const facts = aProject({ ...shop, target: 'labels', broken: 'no file', containers: [db, labelled] })
    expect(stepsOf(planOf('-p shop down -v', facts))[0]).toBe('stop shop-web-1 shop-db-1')
  })
})

describe('where nothing is destroyed', () => {
  const anonymous = aProject({
    ...shop,
    containers: [
      aContainer('db', { mounts: [`${a}:/data`] }),
      aContainer('x', { project: 'blog', mounts: ['other:/o'] }),
    ],
    volumes: [aVolume(a), aVolume('other')],
  })

  test('the writers are paused for the copy and go on before Compose runs', () => {
    expect(stepsOf(planOf('down', anonymous))).toEqual([
      'pause shop-db-1',
      'copy db:/data paused',
      'resume shop-db-1',
      'compose compose down',
    ])
  })

  test('writers of other projects too; who only reads goes on', () => {
    const other = aContainer('x', { project: 'blog', mounts: ['shop_uploads:/u'] })
    const facts = aProject({ ...shop, containers: [web, reader, other], hashes: { web: 'hash-2' } })
    expect(stepsOf(planOf('up -d', facts))).toEqual([
      'pause shop-web-1 blog-x-1',
      'copy shop_uploads paused',
      'resume blog-x-1 shop-web-1',
      'compose compose up -d',
    ])
  })

  test('nothing at stake is nothing but Compose', () => {
    expect(stepsOf(planOf('up -d'))).toEqual(['compose compose up -d'])
  })
})

test('a refused command has no steps', () => {
  const agent: Audience = { kind: 'agent', name: 'A', variable: 'A' }
  expect(planOf('down -v', aProject(shop), { audience: agent }).steps).toEqual([])
})

test('without a wanted backup nobody is stopped', () => {
  expect(stepsOf(planOf('down -v', aProject(shop), { policy: { noBackup: true } }))).toEqual([
    'compose compose down -v',
  ])
})

test('every step says why', () => {
  for (const step of planOf('down -v').steps) expect(step.cause).not.toBe('')
})

describe('as text', () => {
  test('down -v', () => {
    const facts = aProject({
      services: [aService('db', { mounts: ['pgdata:/d'] }), aService('web', { mounts: ['empty:/e'] })],
      containers: [db],
      volumes: [aVolume('shop_pgdata'), aVolume('shop_empty')],
    })
    expect(renderPlan(planOf('down -v', facts))).toBe(
      [
        '1 destroyed; 1 backup first; you are asked before anything is done',
        '',
        '  ✗ shop_pgdata  destroyed, PostgreSQL 15, 1.2 GB  down --volumes deletes shop_pgdata, used by db (backed up first) [down-volumes/0b69]',
        '  ✗ shop_empty   destroyed                         not backed up: it is empty',
        '',
        '  1. stop     shop-db-1 must write nothing after the copy: stopped until Compose runs',
        '  2. copy     shop_pgdata (cold)',
        '  3. compose  compose down -v  (the command as typed)',
      ].join('\n'),
    )
  })

  test('refused, with what was ignored', () => {
    const text = renderPlan(
      planOf('down -v db', aProject(shop), {
        audience: { kind: 'agent', name: 'A', variable: 'A' },
        policy: { yes: true },
      }),
    )
    expect(text).toContain('1 destroyed; nothing backed up; refused, Compose does not run')
    expect(text).toContain('(refused: an agent may not destroy data)')
    expect(text).toContain('ignored, because an agent is at work: --safe-yes')
    expect(text).not.toContain('1. ')
  })

  test('a recreation', () => {
    const text = renderPlan(planOf('up -d', aProject({ ...shop, hashes: { db: 'hash-2' } })))
    expect(text).toContain(
      '~ shop_pgdata  recreated, PostgreSQL 15, 1.2 GB  db will be recreated (its configuration changed); its volume stays (backed up first)',
    )
  })

  test('nothing at stake', () => {
    expect(renderPlan(planOf('up -d'))).toBe(
      'nothing is at stake\n\n  1. compose  compose up -d  (the command as typed)',
    )
  })

  test('no control character gets through', () => {
    const name = 'evil\u001b[2J\nname'
    const facts = aProject({
      services: [aService('db', { mounts: ['v:/d'] })],
      declared: [{ key: 'v', name }],
      containers: [aContainer('db', { name: 'c\u0007', mounts: [] })],
      volumes: [aVolume(name, { labels: { 'com.docker.compose.project': 'shop' } })],
    })
    const text = renderPlan(planOf('down -v', facts))
    expect(text).toContain('evil\\x1b[2J\\nname')
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f]/)
  })
})

describe('keeping the data', () => {
  test.each([
    ['down -v', 'down'],
    ['down --volumes', 'down'],
    ['down --volume', 'down'],
    ['down --volumes=true --rmi local', 'down --rmi local'],
    ['down -vt0', 'down -t0'],
    ['down -v -v', 'down'],
    ['down -t 5 -v web', 'down -t 5 web'],
    ['-f v -p -v down -v', '-f v -p -v down'],
    ['down -v --remove-orphans', 'down'],
    ['rm -fsv', 'rm -fs'],
    ['rm -fsv -- web', 'rm -fs -- web'],
    ['up -dV', 'up -d'],
    ['up -V', 'up'],
    ['up -d --remove-orphans -y', 'up -d'],
    ['up -yd --scale db=2', 'up -d --scale db=2'],
    ['run --remove-orphans web rm --remove-orphans', 'run web rm --remove-orphans'],
  ])('%s → %s', (line, kept) => {
    expect(keepTheData(typed(line))).toEqual(['compose', ...kept.split(' ')])
  })

  test('in the standalone form and with version 1', () => {
    expect(keepTheData(typed('down -v', { form: 'standalone' }))).toEqual(['down'])
    expect(keepTheData(typed('down --vol -t 3', { version: '1.29.2' }))).toEqual(['down', '-t', '3'])
    expect(keepTheData(typed('rm -fsv', { version: '1.29.2' }))).toEqual(['rm', '-fs'])
  })

  test.each(['down', 'down -v=false', 'up -d', 'run web rm -v', 'scale db=0', 'stop', 'rm -fs'])(
    '%s has no such flag',
    line => {
      expect(keepTheData(typed(line))).toBeNull()
    },
  )
})
