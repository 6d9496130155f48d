import { describe, expect, test } from 'vitest'
import { decide } from '../../src/core/decision.ts'
import { findFindings, holdingsJudgedBy } from '../../src/core/findings.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { nameOfHolding } from '../../src/model/holding.ts'
import type { Audience } from '../../src/model/decision.ts'
import type { Facts } from '../../src/model/facts.ts'
import {
  aContainer,
  aLedger,
  aProject,
  aService,
  aVolume,
  anImage,
  circumstances,
  now,
  someContents,
  typed,
} from '../fakes/facts.ts'

/**
 * What people type all day and what never lost anything, over all rules at once. A guard that cries wolf is switched
 * off, and then it guards nothing.
 */
const versions = ['1.29.2', '2.26.1', '2.40.3']
const data = '/var/lib/postgresql/data'

/** A shop with a database, a cache and an application, as most projects are, beside other projects of the engine. */
const declared = {
  services: [
    aService('db', {
      image: 'postgres:15',
      mounts: [`pgdata:${data}`, '/srv/shop/init:/docker-entrypoint-initdb.d:ro'],
    }),
    aService('cache', { image: 'redis:7', mounts: ['redis:/data'], hostname: 'cache' }),
    aService('web', {
      image: 'shop-web',
      mounts: ['uploads:/app/uploads', '/srv/shop/config:/app/config'],
      dependsOn: ['db', 'cache'],
    }),
  ],
  images: [
    anImage('postgres:15', { id: 'sha256:db', volumes: [data], versions: { PG_MAJOR: '15' } }),
    anImage('redis:7', { id: 'sha256:cache', volumes: ['/data'] }),
    anImage('shop-web', { id: 'sha256:web' }),
  ],
}
const containers = [
  aContainer('db', {
    image: 'postgres:15',
    mounts: [`shop_pgdata:${data}`, '/srv/shop/init:/docker-entrypoint-initdb.d:ro'],
  }),
  aContainer('cache', { image: 'redis:7', mounts: ['shop_redis:/data'], details: { hostname: 'cache' } }),
  aContainer('web', {
    image: 'shop-web',
    mounts: ['shop_uploads:/app/uploads', '/srv/shop/config:/app/config'],
  }),
]
const volumes = [aVolume('shop_pgdata'), aVolume('shop_redis'), aVolume('shop_uploads')]

/** Another project of the same shape that runs elsewhere on the same engine. */
const neighbour = {
  container: aContainer('db', {
    project: 'blog',
    image: 'postgres:15',
    workingDirectory: '/srv/blog',
    configFiles: ['/srv/blog/compose.yaml'],
    networks: ['blog_default'],
    mounts: [`blog_pgdata:${data}`],
  }),
  volume: aVolume('blog_pgdata', {
    labels: { 'com.docker.compose.project': 'blog', 'com.docker.compose.volume': 'pgdata' },
  }),
}
const places = {
  '/srv/shop': { state: 'filled', id: '1:100' },
  '/srv/blog': { state: 'filled', id: '1:101' },
  '/srv/shop/init': { state: 'filled', id: '1:102' },
  '/srv/shop/config': { state: 'filled', id: '1:103' },
} as const
const ledger = aLedger({
  db: [`shop_pgdata:${data}`],
  cache: ['shop_redis:/data'],
  web: ['shop_uploads:/app/uploads'],
})

function running(compose: string, words: Parameters<typeof aProject>[0] = {}): Facts {
  return aProject({
    ...declared,
    compose,
    containers: [...containers, neighbour.container],
    volumes: [...volumes, neighbour.volume],
    places,
    ledger,
    ...words,
  })
}

function findings(facts: Facts, line: string) {
  const invocation = typed(line, { version: facts.compose.version })
  expect(invocation.outcome, line).toBe('run')
  return findFindings(facts, invocation, circumstances())
}

/** Nothing above a warning, and nothing to look into before that is known. */
function expectHarmless(facts: Facts, line: string): void {
  expect(findings(facts, line).filter(finding => finding.warning !== true)).toEqual([])
  const invocation = typed(line, { version: facts.compose.version })
  expect(holdingsJudgedBy(facts, invocation, circumstances())).toEqual([])
}

const audiences: readonly Audience[] = [
  { kind: 'person' },
  { kind: 'script', ci: null },
  { kind: 'agent', name: 'an agent', variable: 'AGENT' },
]

/** It may be backed up before, but nobody is asked and nothing is refused. */
function expectUnhindered(facts: Facts, line: string): void {
  const stakes = findings(facts, line).map(finding => ({ finding, contents: someContents() }))
  for (const audience of audiences) {
    const { verdict } = decide({
      stakes,
      policy: defaultPolicy,
      audience,
      restorePoints: [],
      created: [],
      approval: null,
      now,
      volumes: facts.volumes,
      containers: facts.containers,
      images: facts.images,
    })
    expect(['pass', 'warn', 'back-up'], `${line}, asked by ${audience.kind}`).toContain(verdict)
  }
}

test('the same project is found out where a command does harm', () => {
  for (const compose of versions) {
    const facts = running(compose)
    expect(findings(facts, 'down -v').map(finding => finding.outcome)).toContain('destroyed')
  }
})

describe.each(versions)('Compose %s', compose => {
  test.each([
    'restart',
    'restart db',
    'stop',
    'start',
    'pause',
    'unpause',
    'up -d',
    'up -d db',
    'up',
    'create',
  ])('%s of an unchanged project; a comment, pull_policy: or build: in the file changes no hash', line => {
    // Version 1 stops in `restart` with the same grace; `create` is an old word there.
    expectHarmless(running(compose), line)
  })

  test('build: added', () => {
    const services = declared.services.map(service =>
      service.name === 'web' ? { ...service, build: true } : service,
    )
    expectHarmless(running(compose, { services }), 'up -d')
  })

  test.each(['up -d --scale web=3', 'up -d --scale web=1'])(
    'replicas of what shares its volume: %s',
    line => {
      expectHarmless(running(compose), line)
      const services = declared.services.map(service =>
        service.name === 'web' ? { ...service, scale: 3 } : service,
      )
      expectHarmless(running(compose, { services }), 'up -d')
    },
  )

  test.each(['down', 'down --remove-orphans', 'rm -fs', 'rm -f'])('%s, all data being named', line => {
    expectHarmless(running(compose), line)
  })

  test('up -d after that: no container tells any more which version wrote the data, so it is looked into', () => {
    const down = running(compose, { containers: [neighbour.container] })
    for (const line of ['up -d', 'up -d --force-recreate']) {
      expect(findings(down, line).filter(finding => finding.warning !== true)).toEqual([])
      const invocation = typed(line, { version: compose })
      const own = new Set(down.model?.volumes.map(({ name }) => name))
      const looked = holdingsJudgedBy(down, invocation, circumstances()).map(nameOfHolding)
      expect(looked.filter(name => !own.has(name))).toEqual([])
    }
  })

  test.each(['up -d --force-recreate', 'up -d --force-recreate db', 'up -d --always-recreate-deps'])(
    '%s with the right mounts may back up, and asks nobody',
    line => {
      expectUnhindered(running(compose), line)
    },
  )

  test('a changed environment, and a new image under the same tag', () => {
    const hashes = { db: 'hash-2', cache: 'hash-1', web: 'hash-2' }
    expectUnhindered(running(compose, { hashes }), 'up -d')
    const images = declared.images.map(image =>
      image.references.includes('postgres:15') ? { ...image, id: 'sha256:newer' } : image,
    )
    expectUnhindered(running(compose, { images }), 'up -d')
  })

  test('the first run, beside others, remembered by nobody', () => {
    const { ledger: _, ...first } = running(compose, { containers: [], volumes: [] })
    expectHarmless({ ...first, ledger: null }, 'up -d')
    const beside = running(compose, { containers: [neighbour.container], volumes: [neighbour.volume] })
    expectHarmless({ ...beside, ledger: null }, 'up -d')
  })

  test('a second instance from another directory, while the first runs', () => {
    const staging = aProject({
      ...declared,
      compose,
      name: 'staging',
      containers: [...containers, neighbour.container],
      volumes: [...volumes, neighbour.volume],
      places: { ...places, '/srv/staging': { state: 'filled', id: '1:104' } },
      project: { directory: '/srv/staging', directoryId: '1:104', files: ['/srv/staging/compose.yaml'] },
    })
    expectHarmless(staging, 'up -d')
  })

  test('down -v where the volumes are only names for directories of the host', () => {
    const options = { type: 'none', o: 'bind', device: '/srv/pg' }
    const bound = volumes.map(volume => ({ ...volume, options }))
    expectHarmless(running(compose, { volumes: bound }), 'down -v')
  })
})

test.each(versions.filter(version => !version.startsWith('1.')))(
  '--dry-run of whatever, with %s',
  compose => {
    for (const line of ['--dry-run up -d', '--dry-run down -v', '--dry-run rm -fsv', '--dry-run create'])
      expectHarmless(running(compose), line)
  },
)
