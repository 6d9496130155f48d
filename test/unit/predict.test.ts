import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/core/decision.ts'
import { findFindings } from '../../src/core/findings.ts'
import { forecastJson } from '../../src/core/forecast-json.ts'
import { planFor } from '../../src/core/plan.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { changesAnything, predict } from '../../src/core/predict.ts'
import { renderForecast } from '../../src/core/render-forecast.ts'
import type { Facts } from '../../src/model/facts.ts'
import { identityOfHolding } from '../../src/model/holding.ts'
import type { Invocation } from '../../src/model/invocation.ts'
import type { Forecast } from '../../src/model/prediction.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  anonymousName,
  circumstances,
  now,
  someContents,
  typed,
} from '../fakes/facts.ts'
import { faultsAgainst } from '../fakes/schema.ts'

const a = anonymousName('a')
const services = [
  aService('db', { mounts: ['pgdata:/d', '/anon'] }),
  aService('web', { mounts: ['site:/s'], dependsOn: ['db'] }),
]
const db = aContainer('db', { mounts: ['shop_pgdata:/d', `${a}:/anon`] })
const web = aContainer('web', { mounts: ['shop_site:/s'] })
const volumes = [aVolume('shop_pgdata'), aVolume('shop_site'), aVolume(a)]
const images = [anImage('db:1'), anImage('web:1')]
const shop = { services, containers: [db, web], volumes, images }

/** `shop-db-1 recreate running`, and `shop_pgdata use`, a line each. */
function actions(
  line: string,
  facts: Facts = aProject(shop),
  stdin: 'empty' | 'data' = 'empty',
): readonly string[] {
  const { containers, volumes: found } = predict(facts, lineOf(line, facts), circumstances({ stdin }))
  return [
    ...containers.map(
      ({ name, action, after, certain }) => `${name} ${action} ${after}${certain ? '' : '?'}`,
    ),
    ...found.map(({ name, action, certain }) => `${name === a ? 'a' : name} ${action}${certain ? '' : '?'}`),
  ]
}

function lineOf(line: string, facts: Facts): Invocation {
  return typed(line, { version: facts.compose.version })
}

const kept = ['shop_pgdata keep', 'shop_site keep']

describe('containers', () => {
  test('nothing to do', () => {
    const prediction = predict(aProject(shop), typed('up -d'), circumstances())
    expect(changesAnything(prediction)).toBe(false)
    expect(actions('up -d')).toEqual(['shop-db-1 keep running', 'shop-web-1 keep running', 'a keep', ...kept])
  })

  test('the first up makes everything', () => {
    expect(actions('up -d', aProject({ services, images }))).toEqual([
      'shop-db-1 create running',
      'shop-web-1 create running',
      'db:/anon create',
      'shop_pgdata create',
      'shop_site create',
    ])
  })

  test('a change recreates, and only the changed one', () => {
    const facts = aProject({ ...shop, hashes: { db: 'hash-2', web: 'hash-1' } })
    expect(actions('up -d', facts)).toEqual([
      'shop-db-1 recreate running',
      'shop-web-1 keep running',
      'a use',
      'shop_pgdata use',
      'shop_site keep',
    ])
    expect(predict(facts, typed('up -d'), circumstances()).containers[0]).toMatchObject({
      cause: 'configuration',
      why: 'its configuration changed',
    })
    expect(actions('create', facts)[0]).toBe('shop-db-1 recreate stopped')
    expect(actions('up -d --no-recreate', facts)[0]).toBe('shop-db-1 keep running')
    expect(actions('up -d web --no-deps', facts)[0]).toBe('shop-db-1 keep running')
  })

  test('before 2.30 what depends on it is recreated with it', () => {
    const facts = aProject({ ...shop, compose: '2.26.1', hashes: { db: 'hash-2', web: 'hash-1' } })
    expect(actions('up -d', facts).slice(0, 2)).toEqual([
      'shop-db-1 recreate running',
      'shop-web-1 recreate running',
    ])
  })

  test('with `restart: true` it is restarted', () => {
    const needy = [services[0], aService('web', { dependsOn: ['db'], restartsWith: ['db'] })].filter(
      each => each !== undefined,
    )
    const facts = aProject({ ...shop, services: needy, hashes: { db: 'hash-2', web: 'hash-1' } })
    expect(actions('up -d', facts)[1]).toBe('shop-web-1 restart running')
    expect(actions('up -d --no-start', facts)[1]).toBe('shop-web-1 stop stopped')
    expect(actions('restart db', facts).slice(0, 2)).toEqual([
      'shop-db-1 restart running',
      'shop-web-1 restart running',
    ])
    expect(actions('restart --no-deps db', facts)[1]).toBe('shop-web-1 keep running')
  })

  test('what shares the namespaces of another cannot be compared, unless that one is replaced', () => {
    const sharing = [aService('db'), aService('side', { dependsOn: ['db'], sharesWith: ['db'] })]
    const containers = [aContainer('db'), aContainer('side', { configHash: 'with-an-id' })]
    const facts = aProject({ services: sharing, containers, images: [anImage('db:1'), anImage('side:1')] })
    expect(actions('up -d', facts)).toEqual(['shop-db-1 keep running', 'shop-side-1 keep running?'])
    expect(predict(facts, typed('up -d'), circumstances()).notes.join()).toContain(
      'only the run will tell about shop-side-1',
    )
    const changed = aProject({
      services: sharing,
      containers,
      images,
      hashes: { db: 'hash-2', side: 'hash-1' },
    })
    expect(actions('up -d', changed)).toEqual(['shop-db-1 recreate running', 'shop-side-1 recreate running'])
  })

  test('an image that is pulled first cannot be told', () => {
    expect(actions('up -d --pull always').slice(0, 2)).toEqual([
      'shop-db-1 keep running?',
      'shop-web-1 keep running?',
    ])
    expect(changesAnything(predict(aProject(shop), typed('up -d --pull always'), circumstances()))).toBe(true)
    const absent = predict(aProject({ ...shop, images: [], containers: [] }), typed('up -d'), circumstances())
    expect(absent.notes).toEqual([
      'the image db:1 is not here: it is pulled first',
      'the image web:1 is not here: it is pulled first',
    ])
  })

  test('nor can one that is pulled by the file, or is not here', () => {
    const policy = [aService('db', { pullPolicy: 'always' }), aService('web', { pullPolicy: 'missing' })]
    const containers = [aContainer('db'), aContainer('web')]
    const facts = aProject({ services: policy, containers, images })
    expect(actions('up -d', facts)).toEqual(['shop-db-1 keep running?', 'shop-web-1 keep running'])
    expect(actions('up -d --pull missing', facts)[0]).toBe('shop-db-1 keep running')
    expect(actions('up -d --no-recreate', facts)[0]).toBe('shop-db-1 keep running')
    expect(actions('up -d', aProject({ ...shop, images: [anImage('web:1')] }))[0]).toBe(
      'shop-db-1 keep running?',
    )
  })

  test('nor one whose hash nobody told', () => {
    const facts = aProject({ ...shop, hashes: { web: 'hash-1' } })
    expect(actions('up -d', facts).slice(0, 2)).toEqual([
      'shop-db-1 keep running?',
      'shop-web-1 keep running',
    ])
  })

  test('wait --down-project ends with a down', () => {
    const prediction = predict(aProject(shop), typed('wait --down-project web'), circumstances())
    expect(prediction.notes).toEqual(['wait --down-project ends with a down: see plan down'])
    expect(changesAnything(prediction)).toBe(true)
  })

  test('by labels, start means what has a container, and what that depends on', () => {
    const label = { 'com.docker.compose.depends_on': 'db:service_started:false' }
    const stopped = [
      { ...db, state: 'exited' as const },
      aContainer('web', { state: 'exited', labels: label }),
      aContainer('old', { state: 'exited' }),
    ]
    const facts = aProject({ ...shop, services: [], target: 'labels', containers: stopped })
    expect(actions('-p shop start web', facts).slice(0, 3)).toEqual([
      'shop-db-1 start running',
      'shop-old-1 keep stopped',
      'shop-web-1 start running',
    ])
    expect(actions('-p shop start', facts)[1]).toBe('shop-old-1 start running')
  })

  test('scaling makes the next numbers, and takes the last ones away', () => {
    expect(actions('up -d --scale web=3').slice(0, 4)).toEqual([
      'shop-db-1 keep running',
      'shop-web-1 keep running',
      'shop-web-2 create running',
      'shop-web-3 create running',
    ])
    const mounts = ['shop_site:/s']
    const three = [
      db,
      web,
      aContainer('web', { number: 2, mounts }),
      aContainer('web', { number: 3, mounts }),
    ]
    expect(actions('up -d --scale web=2', aProject({ ...shop, containers: three })).slice(0, 4)).toEqual([
      'shop-db-1 keep running',
      'shop-web-1 keep running',
      'shop-web-2 keep running',
      'shop-web-3 remove absent',
    ])
  })

  test.each([
    ['stop', 'shop-db-1 stop stopped'],
    ['stop web', 'shop-db-1 keep running'],
    ['kill', 'shop-db-1 stop stopped'],
    ['kill -s HUP', 'shop-db-1 stop stopped?'],
    ['restart', 'shop-db-1 restart running'],
    ['start', 'shop-db-1 keep running'],
    ['down', 'shop-db-1 remove absent'],
    ['rm -fs', 'shop-db-1 remove absent'],
    ['rm -f', 'shop-db-1 keep running'],
    ['ps', 'shop-db-1 keep running'],
    ['--dry-run down', 'shop-db-1 keep running'],
  ])('%s: %s', (line, expected) => {
    expect(actions(line)[0]).toBe(expected)
  })

  test('what is stopped is started, and what is paused makes Compose fail', () => {
    const stopped = aProject({ ...shop, containers: [db, { ...web, state: 'exited' }] })
    expect(actions('up -d', stopped)[1]).toBe('shop-web-1 start running')
    const paused = aProject({ ...shop, containers: [db, { ...web, state: 'paused' }] })
    expect(predict(paused, typed('up -d'), circumstances()).failure).toBe(
      'shop-web-1 is paused, and must be unpaused first',
    )
  })

  test('run makes one more beside the rest', () => {
    expect(actions('run web true')).toContain('shop-web-run- create stopped')
    expect(actions('run --rm web true')).toContain('shop-web-run- create absent')
    expect(actions('run -d --name job web')).toContain('job create running')
  })

  test('version 1 joins names with underscores', () => {
    const facts = aProject({ services, images, compose: '1.29.2' })
    expect(actions('up -d', facts)[0]).toBe('shop_db_1 create running')
  })
})

describe('volumes', () => {
  test('down leaves the anonymous one without a user, down -v deletes both kinds', () => {
    expect(actions('down').slice(2)).toEqual(['a orphan', 'shop_pgdata keep', 'shop_site keep'])
    expect(actions('down -v').slice(2)).toEqual(['a destroy', 'shop_pgdata destroy', 'shop_site destroy'])
  })

  test('what a recreation handed on is mounted by name, and the engine does not delete it', () => {
    const heir = aContainer('db', {
      ...shop.containers[0],
      mounts: ['shop_pgdata:/d', `${a}:/anon`],
      details: { mountedByName: ['/d', '/anon'] },
    })
    const facts = aProject({ ...shop, containers: [heir, web] })
    expect(actions('down -v', facts)).toContain('a orphan')
    const findings = findFindings(facts, typed('down -v'), circumstances())
    expect(findings.find(({ rule }) => rule === 'anonymous-data')?.outcome).toBe('orphaned')
  })

  test('another name: the old one is left, the new one made', () => {
    const renamed = [{ key: 'pgdata', name: 'other' }]
    expect(actions('up -d', aProject({ ...shop, declared: renamed }))).toEqual([
      'shop-db-1 recreate running',
      'shop-web-1 keep running',
      'a use',
      'other create',
      'shop_pgdata orphan',
      'shop_site keep',
    ])
  })

  test('a volume whose definition changed is made anew where the answer is yes', () => {
    const marked = {
      ...aVolume('shop_site'),
      labels: { ...aVolume('shop_site').labels, 'com.docker.compose.config-hash': 'other' },
    }
    const facts = aProject({ ...shop, volumes: [aVolume('shop_pgdata'), marked, aVolume(a)] })
    expect(actions('up -d --yes', facts)).toEqual([
      'shop-db-1 keep running',
      'shop-web-1 remove absent',
      'shop-web-1 create running',
      'a keep',
      'shop_pgdata keep',
      'shop_site destroy',
      'shop_site create',
    ])
    expect(actions('up -d', facts, 'data')).toContain('shop_site destroy?')
    expect(actions('up -d', facts)).toContain('shop_site keep')
  })

  test('an external one that is missing makes Compose fail, and nothing is made', () => {
    const facts = aProject({ services, images, declared: [{ key: 'pgdata', name: 'gone', external: true }] })
    const prediction = predict(facts, typed('up -d'), circumstances())
    expect(prediction.failure).toBe('the external volume gone does not exist')
    expect(prediction.volumes).toEqual([])
  })

  test('volumes of strangers are none of it', () => {
    const stranger = aContainer('x', { project: 'blog', mounts: ['blog_data:/d', 'shop_site:/s'] })
    const facts = aProject({
      ...shop,
      containers: [db, web, stranger],
      volumes: [...volumes, aVolume('blog_data', { labels: {} })],
    })
    expect(actions('up -d', facts).some(line => line.startsWith('blog_data'))).toBe(false)
    const site = predict(facts, typed('down'), circumstances()).volumes.find(
      ({ name }) => name === 'shop_site',
    )
    expect(site?.usedBy).toEqual(['container blog-x-1'])
    expect(actions('down -v', facts)).toContain('shop_site keep')
  })
})

describe('as text and as JSON', () => {
  function forecastOf(line: string, facts: Facts): Forecast {
    const invocation = lineOf(line, facts)
    const prediction = predict(facts, invocation, circumstances())
    const contents = Object.fromEntries(
      prediction.volumes.flatMap(({ holding, name }) =>
        holding === null || name !== 'shop_pgdata' ? [] : [[identityOfHolding(holding), someContents()]],
      ),
    )
    const decision = decide({
      stakes: findFindings(facts, invocation, circumstances()).map(finding => ({
        finding,
        contents: contents[identityOfHolding(finding.holding)] ?? null,
      })),
      policy: defaultPolicy,
      audience: { kind: 'script', ci: null },
      restorePoints: [],
      created: [],
      approval: null,
      now,
      volumes: facts.volumes,
      containers: facts.containers,
      images: facts.images,
    })
    const pgdata = prediction.volumes.find(({ name }) => name === 'shop_pgdata')?.holding
    return {
      takenAt: now.toISOString(),
      project: 'shop',
      compose: facts.compose,
      engine: { id: 'engine-1', host: 'unix:///x' },
      command: invocation.argv,
      prediction,
      contents,
      restorePoints: pgdata
        ? { [identityOfHolding(pgdata)]: { id: 'r1', finishedAt: '2026-11-23T18:15:00.000Z' } }
        : {},
      plan: planFor(decision, facts, invocation),
    }
  }

  const changed = aProject({ ...shop, hashes: { db: 'hash-2', web: 'hash-1' } })
  const schema: unknown = JSON.parse(
    readFileSync(new URL('../../src/schemas/plan.schema.json', import.meta.url), 'utf8'),
  )

  test('sign, name, what, why; below it what the rules say', () => {
    expect(renderForecast(forecastOf('up -d', changed)).split('\n')).toEqual([
      'project shop: containers: 1 to recreate',
      '',
      '  ~ shop-db-1    recreate                                           its configuration changed',
      '  = shop-web-1   kept                                               it is as it shall be',
      '  = db:/anon     kept                                               used by db',
      '      ! stateful-recreate: db will be recreated (its configuration changed); its volume stays (backed up first)',
      '        instead: docker compose up -d --no-recreate',
      '        more: safe-compose explain stateful-recreate',
      '  = shop_pgdata  kept, PostgreSQL 15, 1.2 GB, last write 2 min ago  used by db; newest good backup 2 h ago',
      '      ! stateful-recreate: db will be recreated (its configuration changed); its volume stays (backed up first)',
      '        instead: docker compose up -d --no-recreate',
      '        more: safe-compose explain stateful-recreate',
      '  = shop_site    kept                                               used by web',
    ])
  })

  test('what is destroyed, what fails and what nobody knows', () => {
    const down = renderForecast(forecastOf('down -v', changed))
    expect(down).toContain('project shop: containers: 2 to remove; volumes: 3 destroyed\n')
    expect(down).toContain('  ✗ shop_pgdata  destroyed, PostgreSQL 15, 1.2 GB')
    const paused = aProject({ ...shop, containers: [db, { ...web, state: 'paused' }] })
    expect(renderForecast(forecastOf('up -d', paused))).toContain(
      'project shop: nothing is done\n\n  Compose would fail, and change nothing: shop-web-1 is paused',
    )
    expect(renderForecast(forecastOf('up -d --pull always', aProject(shop)))).toContain(
      '  ? only the run will tell about shop-db-1: db:1 is pulled, and may have changed',
    )
    expect(renderForecast(forecastOf('up -d', aProject(shop)))).toContain('project shop: nothing to do\n')
  })

  test('no control character gets through', () => {
    const facts = aProject({ ...shop, containers: [aContainer('db', { name: 'c\u001b[2J\nx', mounts: [] })] })
    expect(renderForecast(forecastOf('down -v', facts)).replaceAll('\n', '')).not.toMatch(
      /[\u0000-\u001f\u007f]/,
    )
  })

  test.each([
    'up -d',
    'down -v',
    'down',
    'run web true',
    'up -d --pull always',
    'stop',
    'ps',
    'up -d nobody',
  ])('the JSON of %s is as its schema says', line => {
    const json: unknown = JSON.parse(JSON.stringify(forecastJson(forecastOf(line, changed))))
    expect(faultsAgainst(schema, json)).toEqual([])
  })

  test('the schema holds something', () => {
    const json = JSON.parse(JSON.stringify(forecastJson(forecastOf('down -v', changed)))) as {
      containers: { action?: string }[]
      more?: number
      changes: unknown
    }
    json.changes = 'yes'
    json.more = 1
    if (json.containers[0] !== undefined) json.containers[0].action = 'vanish'
    expect(faultsAgainst(schema, json)).toEqual([
      '.changes: "yes" is no boolean',
      '.containers[0].action: "vanish" is not allowed',
      '.more is not known',
    ])
    delete json.containers[0]?.action
    expect(faultsAgainst(schema, json)).toContain('.containers[0] has no action')
  })
})
