import { describe, expect, test } from 'vitest'
import { findFindings, holdingsToLookInto } from '../../src/core/findings.ts'
import { ruleIds, rules } from '../../src/core/rules/index.ts'
import type { Facts } from '../../src/model/facts.ts'
import { nameOfHolding } from '../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  anonymousName,
  circumstances,
  typed,
} from '../fakes/facts.ts'

const a = anonymousName('a')
const b = anonymousName('b')
const facts = aProject({
  services: [
    aService('db', { mounts: ['pgdata:/var/lib/postgresql/data'] }),
    aService('cache'),
    aService('web', { dependsOn: ['db', 'cache'] }),
  ],
  containers: [
    aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data'] }),
    aContainer('cache', { mounts: [`${a}:/data`] }),
    aContainer('web'),
    aContainer('old', { mounts: [`${b}:/data`] }),
  ],
  volumes: [aVolume('shop_pgdata'), aVolume(a), aVolume(b)],
})

function told(line: string, of: Facts = facts): readonly string[] {
  return findFindings(of, typed(line), circumstances()).map(
    ({ outcome, rule, holding }) => `${outcome} ${nameOfHolding(holding)} (${rule})`,
  )
}

describe('a whole project', () => {
  test('the gravest comes first, every holding once', () => {
    expect(told('down -v --remove-orphans')).toEqual([
      'destroyed shop_pgdata (down-volumes)',
      'destroyed cache:/data (anonymous-data)',
      'orphaned old:/data (remove-orphans)',
    ])
    expect(told('up -d --force-recreate -V')).toEqual([
      'orphaned cache:/data (renew-anon)',
      'recreated shop_pgdata (stateful-recreate)',
    ])
  })

  test("a warning takes nobody's place, and gives way to nobody", () => {
    const below = circumstances({ directory: '/srv/shop/below' })
    const all = findFindings(facts, typed('down -v -t 0'), below)
    expect(all.map(({ rule, holding }) => `${rule} ${nameOfHolding(holding)}`)).toEqual([
      'down-volumes shop_pgdata',
      'anonymous-data cache:/data',
      'down-in-parent shop_pgdata',
      'down-in-parent cache:/data',
    ])
  })

  test('of two rules about one holding the one that says the gravest stays', () => {
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.config-hash': 'another' }
    const diverged = { ...facts, volumes: [aVolume('shop_pgdata', { labels }), aVolume(a), aVolume(b)] }
    expect(told('up -y --force-recreate db', diverged)).toEqual([
      'destroyed shop_pgdata (volume-diverged-yes)',
    ])
  })

  test('what cannot be backed up comes before what can, warnings last', () => {
    const services = [
      aService('db', { image: 'postgres:15', dependsOn: ['cache'] }),
      aService('cache', { image: 'redis:7', mounts: ['keep:/keep'] }),
    ]
    const containers = [aContainer('cache', { mounts: [`${a}:/data`, 'shop_keep:/keep'] })]
    const images = [anImage('postgres:15', { volumes: ['/var/lib/postgresql/data'] })]
    const volumes = [aVolume(a), aVolume('shop_keep')]
    const changed = aProject({ services, containers, images, volumes, hashes: { cache: 'hash-2' } })
    expect(told('run --rm db', changed)).toEqual([
      'orphaned cache:/data (run-anon)',
      'recreated shop_keep (stateful-recreate)',
      'orphaned cache:/data (uncovered-data-path)',
      'destroyed db:/var/lib/postgresql/data (run-anon)',
    ])
    const found = findFindings(changed, typed('run --rm db'), circumstances())
    expect(holdingsToLookInto(found).map(nameOfHolding)).toEqual(['cache:/data', 'shop_keep'])
  })
})

describe('harmless', () => {
  test.each([
    'up -d',
    'create',
    'stop',
    'start',
    'restart',
    'pause',
    'unpause',
    'kill',
    'ps',
    'logs',
    'exec db sh',
    'config',
    'pull',
    'build',
    'run web',
    'scale web=3',
    'watch',
    'cp db:/x .',
    'down --help',
    'down -v --help',
    'down -v --nonsense',
    'down -v --dry-run',
    'up --dry-run --force-recreate -V',
    'rm -fsv --dry-run',
  ])('%s', line => {
    expect(told('down -v'), 'the same project has something to lose').not.toEqual([])
    expect(told(line)).toEqual([])
  })

  test('down with all data in named volumes and directories', () => {
    const plain = aProject({
      services: [aService('db', { mounts: ['pgdata:/d'] }), aService('web', { mounts: ['/srv/www:/www'] })],
      containers: [
        aContainer('db', { mounts: ['shop_pgdata:/d'] }),
        aContainer('web', { mounts: ['/srv/www:/www'] }),
      ],
      volumes: [aVolume('shop_pgdata')],
    })
    expect(told('down -v', plain)).not.toEqual([])
    expect(told('down', plain)).toEqual([])
  })

  test('the first up of a project', () => {
    expect(told('up -d', { ...facts, containers: [], volumes: [] })).toEqual([])
  })
})

describe('a flag that no grammar knows', () => {
  test('does not switch the guard off', () => {
    const invocation = typed('down --brand-new -v', { version: null })
    const found = findFindings(facts, invocation, circumstances())
    expect(found.map(finding => finding.rule)).toContain('down-volumes')
  })
})

describe('the rules', () => {
  test('have distinct ids, a title, an explanation and citations', () => {
    expect(new Set(ruleIds).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule.id).toMatch(/^[a-z][a-z0-9-]+$/)
      expect(rule.title).not.toBe('')
      expect(rule.about.length).toBeGreaterThan(60)
      expect(rule.citations.length).toBeGreaterThan(0)
    }
  })

  test('survive a project of which nothing is known', () => {
    const blind = aProject({ target: 'labels', broken: 'yaml: line 1' })
    for (const line of [
      'down -v',
      'up -V -y --remove-orphans',
      'rm -fsv',
      'run --rm db',
      'scale db=0',
      'watch',
    ])
      expect(told(line, blind)).toEqual([])
  })
})
