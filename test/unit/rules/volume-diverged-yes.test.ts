import { describe, expect, test } from 'vitest'
import { volumeDivergedYes } from '../../../src/core/rules/volume-diverged-yes.ts'
import { volumeHash } from '../../../src/core/volume-hash.ts'
import { aContainer, aProject, aService, aVolume, anonymousName, circumstances } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.config-hash': 'another' }
const shop = {
  services: [
    aService('db', { mounts: ['pgdata:/d'] }),
    aService('web', { dependsOn: ['db'] }),
    aService('mail'),
  ],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/d'] })],
  volumes: [aVolume('shop_pgdata', { labels })],
}
const facts = aProject(shop)
const found = { shop_pgdata: 'destroyed' } as const

describe('found', () => {
  test.each(['up -d -y', 'up -yd', 'up --yes', 'create -y', 'up -y db', 'up -y web', 'up -y --no-deps web'])(
    '%s',
    line => {
      const [finding] = expectFound(volumeDivergedYes, { line, facts }, found)
      expect(finding?.because).toContain('--yes agrees to it')
      expect(finding?.composeAsks).toBeUndefined()
    },
  )

  test('the flag’s first name', () => {
    expectFound(
      volumeDivergedYes,
      { line: 'up -d --y', facts: aProject({ ...shop, compose: '2.33.0' }) },
      found,
    )
  })

  test.each(['up -d', 'create', 'run web', 'scale db=2', 'watch'])(
    '%s with data piped in, which may say yes',
    line => {
      expectFound(volumeDivergedYes, { line, facts, where: { stdin: 'data' } }, found)
    },
  )

  test('at a terminal Compose itself asks', () => {
    const [finding] = expectFound(
      volumeDivergedYes,
      { line: 'up -d', facts, where: { stdin: 'terminal' } },
      found,
    )
    expect(finding?.composeAsks).toBe(true)
  })

  test('the anonymous volumes of the containers that go are left behind', () => {
    const containers = [aContainer('db', { mounts: ['shop_pgdata:/d', `${a}:/anon`] })]
    const more = aProject({ ...shop, containers, volumes: [...shop.volumes, aVolume(a)] })
    expectFound(
      volumeDivergedYes,
      { line: 'up -y', facts: more },
      { shop_pgdata: 'destroyed', 'db:/anon': 'orphaned' },
    )
  })

  test('another project holds the volume: it stays, the containers go', () => {
    const containers = [
      aContainer('db', { mounts: ['shop_pgdata:/d', `${a}:/anon`] }),
      aContainer('x', { project: 'blog', mounts: ['shop_pgdata:/d'] }),
    ]
    const held = aProject({ ...shop, containers, volumes: [...shop.volumes, aVolume(a)] })
    expectFound(volumeDivergedYes, { line: 'up -y', facts: held }, { 'db:/anon': 'orphaned' })
  })
})

describe('quiet', () => {
  test('nobody answers: the old volume is used', () =>
    expectQuiet(volumeDivergedYes, { line: 'up -d', facts }, { where: { stdin: 'data' } }))
  test('the definition is the same', () => {
    const declared = facts.model?.volumes[0]
    if (declared === undefined) throw new Error('the project declares a volume')
    const hash = volumeHash(declared, circumstances().sha256)
    const volumes = [
      aVolume('shop_pgdata', { labels: { ...labels, 'com.docker.compose.config-hash': hash } }),
    ]
    expectQuiet(volumeDivergedYes, { line: 'up -y', facts: aProject({ ...shop, volumes }) }, { facts })
  })
  test('a volume without a hash is never asked about', () =>
    expectQuiet(
      volumeDivergedYes,
      { line: 'up -y', facts: aProject({ ...shop, volumes: [aVolume('shop_pgdata')] }) },
      { facts },
    ))
  test('before 2.32', () =>
    expectQuiet(
      volumeDivergedYes,
      { line: 'up -d', facts: aProject({ ...shop, compose: '2.31.0' }), where: { stdin: 'data' } },
      { facts },
    ))
  test('an external volume', () =>
    expectQuiet(
      volumeDivergedYes,
      { line: 'up -y', facts: aProject({ ...shop, declared: [{ key: 'pgdata', external: true }] }) },
      { facts },
    ))
  test('services that do not use it', () =>
    expectQuiet(volumeDivergedYes, { line: 'up -y mail', facts }, { line: 'up -y db' }))
  test.each(['restart', 'start', 'stop', 'down'])('%s', line =>
    expectQuiet(volumeDivergedYes, { line, facts, where: { stdin: 'data' } }, { line: 'up' }),
  )
  test('a dry run', () =>
    expectQuiet(volumeDivergedYes, { line: 'up -y --dry-run', facts }, { line: 'up -y' }))
})
