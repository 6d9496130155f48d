import { describe, expect, test } from 'vitest'
import { tmpfsOnData } from '../../../src/core/rules/tmpfs-on-data.ts'
import type { Facts } from '../../../src/model/facts.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  looked,
  nothingInIt,
  someContents,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const line = 'up -d'
const path = '/var/lib/mysql'
const volume = aVolume('shop_db')
const maria = someContents({ database: { kind: 'mysql', label: 'MariaDB 10.11', path: '', identity: null } })
const image = 'mariadb:10.11'
const hint = { [`db:${path}`]: 'destroyed' } as const

function project(
  mounts: readonly string[],
  tmpfs: readonly string[],
  contents = maria,
  running = true,
): Facts {
  return aProject({
    services: [aService('db', { image, mounts, tmpfs })],
    containers: running ? [aContainer('db', { image, mounts: [`shop_db:${path}`] })] : [],
    volumes: [volume],
    hashes: { db: 'hash-2' },
    contents: looked([volume, contents]),
  })
}

describe('found', () => {
  test('memory takes the place of the volume, or is laid over it', () => {
    for (const mounts of [[], [`db:${path}`]])
      for (const running of mounts.length === 0 ? [true] : [true, false]) {
        const [finding] = expectFound(
          tmpfsOnData,
          { line, facts: project(mounts, [path], maria, running) },
          { shop_db: 'hidden', ...hint },
        )
        expect(finding?.wouldUse).toEqual({ name: `memory (tmpfs at ${path})`, state: 'empty' })
      }
  })

  test('a first start on memory: a word', () => {
    const facts = { ...project([], [path], nothingInIt, false), volumes: [] }
    const [finding] = expectFound(tmpfsOnData, { line, facts }, hint)
    expect(finding?.warning).toBe(true)
    expect(finding?.instead).toBe(`db: volumes: [db_data:${path}]`)
  })

  test('the long syntax', () => {
    const facts = project([], [], maria, false)
    const [service] = facts.model?.services ?? []
    const mounts = [{ type: 'tmpfs' as const, source: null, target: path, readOnly: false, subpath: null }]
    const services = service === undefined ? [] : [{ ...service, mounts }]
    expectFound(
      tmpfsOnData,
      { line, facts: { ...facts, model: { name: 'shop', services, volumes: [] } } },
      hint,
    )
  })

  test('a volume of memory', () => {
    const options = { type: 'tmpfs', device: 'tmpfs' }
    const services = [aService('db', { image, mounts: [`db:${path}`] })]
    const declared = [{ key: 'db', driverOptions: options }]
    expectFound(tmpfsOnData, { line, facts: aProject({ services, declared }) }, hint)
    const volumes = [aVolume('shop_db', { options })]
    expectFound(tmpfsOnData, { line, facts: aProject({ services, volumes }) }, hint)
    const containers = [aContainer('db', { image, mounts: [`shop_db:${path}`] })]
    expectFound(tmpfsOnData, { line: 'restart', facts: aProject({ services, volumes, containers }) }, hint)
  })

  test.each(['restart', 'stop', 'stop db', 'kill', 'down', 'rm -fs'])(
    '%s empties what runs on memory',
    words => {
      const containers = [
        aContainer('db', { image, mounts: [`shop_db:${path}`], details: { tmpfs: [path] } }),
      ]
      const facts = { ...project([`db:${path}`], []), containers }
      expectFound(tmpfsOnData, { line: words, facts }, hint)
    },
  )
})

describe('quiet', () => {
  const unless = { facts: project([], [path]) }

  test('memory elsewhere', () =>
    expectQuiet(tmpfsOnData, { line, facts: project([`db:${path}`], ['/tmp', '/run/mysqld']) }, unless))

  test('memory for a service that is no store', () => {
    const facts = aProject({ services: [aService('web', { tmpfs: ['/data', '/cache'] })] })
    expectQuiet(tmpfsOnData, { line, facts }, unless)
  })

  test('a volume below the memory', () =>
    expectQuiet(tmpfsOnData, { line, facts: project([`db:${path}`], ['/var/lib']) }, unless))

  test('what stops nothing, or nothing that runs', () => {
    const containers = [aContainer('db', { image, state: 'exited', details: { tmpfs: [path] } })]
    const stopped = { ...project([`db:${path}`], []), containers }
    const running = { ...stopped, containers: [{ ...containers[0]!, state: 'running' as const }] }
    expectQuiet(tmpfsOnData, { line: 'restart', facts: stopped }, { facts: running })
    expectQuiet(tmpfsOnData, { line: 'start', facts: running }, { line: 'restart' })
    expectQuiet(tmpfsOnData, { line: 'restart web', facts: running }, { line: 'restart db' })
  })
})
