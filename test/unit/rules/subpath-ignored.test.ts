import { describe, expect, test } from 'vitest'
import { subpathIgnored } from '../../../src/core/rules/subpath-ignored.ts'
import type { Facts } from '../../../src/model/facts.ts'
import type { Contents } from '../../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  looked,
  nothingInIt,
  someContents,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const line = 'up -d'
const data = '/var/lib/postgresql/data'
const volume = aVolume('shop_all')
const at = (path: string): Contents =>
  someContents({ database: { kind: 'postgresql', label: 'PostgreSQL 15', path, identity: null } })

function project(subpath: string | null, apiVersion: string, contents: Contents, recreated = false): Facts {
  const service = aService('db', { image: 'postgres:15', mounts: [`all:${data}`] })
  const services = [{ ...service, mounts: service.mounts.map(mount => ({ ...mount, subpath })) }]
  const old = aContainer('db', { image: 'postgres:15', imageId: 'sha256:pg', mounts: [`shop_all:${data}`] })
  const facts = aProject({
    services,
    images: [anImage('postgres:15', { id: 'sha256:pg', volumes: [data], versions: { PG_MAJOR: '15' } })],
    containers: recreated ? [old] : [],
    volumes: [volume],
    hashes: { db: 'hash-2' },
    contents: looked([volume, contents]),
  })
  return {
    ...facts,
    engine: { ...facts.engine, apiVersion, version: apiVersion === '1.41' ? '20.10.24' : '28.5.2' },
  }
}

describe('found', () => {
  test('the engine ignores it, and the data is in the folder', () => {
    const facts = project('pg', '1.41', at('pg'))
    const [finding] = expectFound(subpathIgnored, { line, facts }, { shop_all: 'hidden' })
    expect(finding?.because).toContain('ignores the subpath')
  })

  test('a folder is said where the data lies at the root', () => {
    for (const recreated of [true, false]) {
      const facts = project('pg', '1.51', at(''), recreated)
      const [finding] = expectFound(subpathIgnored, { line, facts }, { shop_all: 'hidden' })
      expect(finding?.wouldUse?.name).toBe('shop_all, folder pg')
    }
  })

  test('ignored for a service without a database: a word', () => {
    const facts = project('pg', '1.41', nothingInIt)
    const [finding] = expectFound(subpathIgnored, { line, facts }, { shop_all: 'hidden' })
    expect(finding?.warning).toBe(true)
    const fresh = { ...facts, volumes: [] }
    expectFound(subpathIgnored, { line, facts: fresh }, { [`db:${data}`]: 'hidden' })
  })
})

describe('quiet', () => {
  const unless = { facts: project('pg', '1.51', at('')) }

  test('the engine knows it, and the data is there', () =>
    expectQuiet(subpathIgnored, { line, facts: project('pg', '1.45', at('pg')) }, unless))

  test('no subpath', () => {
    expectQuiet(subpathIgnored, { line, facts: project(null, '1.41', at('')) }, unless)
    expectQuiet(subpathIgnored, { line, facts: project(null, '1.51', at('')) }, unless)
  })

  test('nothing in it yet', () =>
    expectQuiet(subpathIgnored, { line, facts: project('pg', '1.51', nothingInIt) }, unless))

  test.each(['stop', 'restart', 'down', 'up -d --dry-run'])('%s', words =>
    expectQuiet(subpathIgnored, { line: words, ...unless }, { line }),
  )
})
