import { describe, expect, test } from 'vitest'
import { downVolumes } from '../../../src/core/rules/down-volumes.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const db = aService('db', { mounts: ['pgdata:/var/lib/postgresql/data'] })
const running = aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data'] })
const shop = { services: [db], containers: [running], volumes: [aVolume('shop_pgdata')] }

describe('found', () => {
  test.each([
    'down -v',
    'down --volumes',
    'down --volume',
    'down -vt0',
    'down --volumes=true',
    '-p shop -f a.yml down -v',
  ])('%s deletes the volume of an enabled service', line => {
    const [finding] = expectFound(downVolumes, { line, facts: aProject(shop) }, { shop_pgdata: 'destroyed' })
    expect(finding?.because).toBe('down --volumes deletes shop_pgdata, used by db')
    expect(finding?.canBackUp).toBe(true)
  })

  test('the same command without the flag is offered', () => {
    const facts = aProject(shop)
    const [finding] = expectFound(
      downVolumes,
      { line: '-f a.yml down -v -t 5', facts },
      { shop_pgdata: 'destroyed' },
    )
    expect(finding?.instead).toBe('docker compose -f a.yml down -t 5')
  })

  test('also when the project is already down', () => {
    expectFound(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, containers: [] }) },
      { shop_pgdata: 'destroyed' },
    )
  })

  test('version 1 deletes those of inactive profiles too, also by an abbreviated flag', () => {
    const facts = aProject({
      ...shop,
      compose: '1.29.2',
      inactive: [aService('tools', { mounts: ['tools:/t'] })],
      volumes: [aVolume('shop_pgdata'), aVolume('shop_tools')],
    })
    expectFound(
      downVolumes,
      { line: 'down --vol', facts },
      { shop_pgdata: 'destroyed', shop_tools: 'destroyed' },
    )
  })

  test('a container that safe-compose made for a copy does not hold a volume', () => {
    const helper = aContainer('x', {
      project: null,
      name: 'helper',
      state: 'created',
      mounts: ['shop_pgdata:/safe-compose/volume'],
      labels: { 'dev.safe-compose.helper': '{}' },
    })
    const facts = aProject({ ...shop, containers: [running, helper] })
    expectFound(downVolumes, { line: 'down -v', facts }, { shop_pgdata: 'destroyed' })
  })

  test('a size limit in the driver options is still a volume with data of its own', () => {
    const volumes = [aVolume('shop_pgdata', { options: { o: 'size=10G' } })]
    expectFound(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, volumes }) },
      { shop_pgdata: 'destroyed' },
    )
  })

  test('names with control characters are escaped', () => {
    const facts = aProject({
      ...shop,
      declared: [{ key: 'pgdata', name: 'evil\u001b[31m' }],
      containers: [],
      volumes: [aVolume('evil\u001b[31m', { labels: { 'com.docker.compose.project': 'shop' } })],
    })
    const [finding] = expectFound(downVolumes, { line: 'down -v', facts }, { 'evil\u001b[31m': 'destroyed' })
    expect(finding?.because).toContain('evil\\x1b[31m')
  })
})

describe('quiet', () => {
  const facts = aProject(shop)

  test.each([
    'down',
    'down --volumes=false',
    'down -v=false',
    'down -v --dry-run',
    '--dry-run down -v',
    'stop',
    'rm -fsv',
  ])('%s', line => expectQuiet(downVolumes, { line, facts }, { line: 'down -v' }))

  test('an external volume', () =>
    expectQuiet(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, declared: [{ key: 'pgdata', external: true }] }) },
      { facts },
    ))

  test('a volume that does not exist', () =>
    expectQuiet(downVolumes, { line: 'down -v', facts: aProject({ ...shop, volumes: [] }) }, { facts }))

  test.each([
    [
      'another project’s running container',
      aContainer('other', { project: 'blog', mounts: ['shop_pgdata:/x'] }),
    ],
    [
      'another project’s stopped container',
      aContainer('other', { project: 'blog', state: 'exited', mounts: ['shop_pgdata:/x:ro'] }),
    ],
    [
      'a container that run made',
      aContainer('db', { name: 'job', oneOff: true, number: null, mounts: ['shop_pgdata:/x'] }),
    ],
    ['a container of an inactive profile', aContainer('tools', { mounts: ['shop_pgdata:/x'] })],
  ])('a volume that is held by %s: Compose passes over it', (_, holder) =>
    expectQuiet(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, containers: [running, holder] }) },
      { facts },
    ),
  )

  test('what run made goes along with --remove-orphans, and then the volume too', () => {
    const job = aContainer('db', { name: 'job', oneOff: true, number: null, mounts: ['shop_pgdata:/x'] })
    const withJob = aProject({ ...shop, containers: [running, job] })
    expectQuiet(downVolumes, { line: 'down -v', facts: withJob }, { line: 'down -v --remove-orphans' })
  })

  test.each([
    { type: 'none', o: 'bind', device: '/srv/pg' },
    { type: 'nfs', o: 'addr=10.0.0.1', device: ':/export' },
    { type: 'tmpfs', device: 'tmpfs' },
  ])('a volume whose data lies elsewhere: %o', options =>
    expectQuiet(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, volumes: [aVolume('shop_pgdata', { options })] }) },
      { facts },
    ),
  )

  test('a volume of an inactive profile, from version 2 on', () => {
    const inactive = [aService('tools', { mounts: ['tools:/t'] })]
    const hidden = { services: [], inactive, volumes: [aVolume('shop_tools')] }
    expectQuiet(
      downVolumes,
      { line: 'down -v', facts: aProject(hidden) },
      { facts: aProject({ ...hidden, services: inactive, inactive: [] }) },
    )
  })

  test('what other rules tell more about', () => {
    const labelled = aVolume('shop_pgdata', { labels: { 'com.docker.compose.project': 'blog' } })
    expectQuiet(
      downVolumes,
      { line: 'down -v', facts: aProject({ ...shop, volumes: [labelled] }) },
      { facts },
    )
    expectQuiet(downVolumes, { line: 'down -v', facts: aProject({ ...shop, target: 'labels' }) }, { facts })
    expectQuiet(downVolumes, { line: 'down -v db', facts }, { line: 'down -v' })
  })
})
