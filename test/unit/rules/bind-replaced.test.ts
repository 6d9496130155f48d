import { describe, expect, test } from 'vitest'
import { bindReplaced } from '../../../src/core/rules/bind-replaced.ts'
import type { Facts, PlaceFact } from '../../../src/model/facts.ts'
import { aContainer, aProject, aService } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const path = '/var/lib/mysql'
const image = 'mariadb:10.11'
const source = '/srv/shop/db'
const db = aContainer('db', { image, mounts: [`${source}:${path}`], details: { pid: 77 } })
const proof = {
  [`/var/lib/docker/containers/${db.id}/hostname`]: { state: 'file', id: '1:9' },
  '/proc/77/root/etc/hostname': { state: 'file', id: '1:9' },
} as const
const inside: PlaceFact = { state: 'filled', id: '1:5' }
const other = (state: PlaceFact['state'], id: string | null = '1:6'): PlaceFact => ({ state, id })

function project(
  outside: PlaceFact,
  words: { places?: Facts['places']; containers?: Facts['containers'] } = {},
): Facts {
  return aProject({
    services: [aService('db', { image, mounts: [`${source}:${path}`] })],
    containers: words.containers ?? [db],
    places: words.places ?? { ...proof, [source]: outside, [`/proc/77/root${path}`]: inside },
  })
}

describe('found', () => {
  test.each(['empty', 'filled', 'missing'] as const)('another one stands there, %s', state => {
    const facts = project(other(state, state === 'missing' ? null : '1:6'))
    const [finding] = expectFound(bindReplaced, { line: 'restart', facts }, { [source]: 'hidden' })
    expect(finding?.wouldUse).toEqual({ name: source, state })
    expect(finding?.canBackUp).toBe(false)
    expect(finding?.remedies?.[0]).toMatchObject({
      line: expect.stringContaining(`docker exec shop-db-1 tar -cf - -C ${path} .`),
    })
  })

  test.each(['restart db', 'stop', 'kill', 'down', 'rm -fs', 'up -d --force-recreate'])('%s', line => {
    expectFound(bindReplaced, { line, facts: project(other('empty')) }, { [source]: 'hidden' })
  })

  test('without the proof that the process is the container: a word', () => {
    const places = { [source]: other('empty'), [`/proc/77/root${path}`]: inside }
    const facts = project(other('empty'), { places })
    const [finding] = expectFound(bindReplaced, { line: 'restart', facts }, { [source]: 'hidden' })
    expect(finding?.warning).toBe(true)
  })

  test('what is no database, and would be gone: a word', () => {
    const web = aContainer('web', { mounts: ['/srv/up:/uploads'], details: { pid: 77 } })
    const places = { '/srv/up': other('missing', null), '/proc/77/root/uploads': inside }
    const [finding] = expectFound(
      bindReplaced,
      { line: 'restart', facts: aProject({ services: [aService('web')], containers: [web], places }) },
      { '/srv/up': 'hidden' },
    )
    expect(finding?.warning).toBe(true)
  })
})

describe('quiet', () => {
  const line = 'restart'
  const unless = { facts: project(other('empty')) }

  test('it is the same directory', () =>
    expectQuiet(bindReplaced, { line, facts: project({ state: 'filled', id: '1:5' }) }, unless))

  test('nothing is in it, or nothing could be seen', () => {
    const places = (seen: PlaceFact): Facts['places'] => ({
      ...proof,
      [source]: other('empty'),
      [`/proc/77/root${path}`]: seen,
    })
    for (const seen of [other('empty', '1:5'), other('missing', null), other('unknown', null)])
      expectQuiet(bindReplaced, { line, facts: project(other('empty'), { places: places(seen) }) }, unless)
    expectQuiet(bindReplaced, { line, facts: project(other('empty'), { places: {} }) }, unless)
  })

  test('a file that an editor replaced', () => {
    const places = { ...proof, [source]: other('file'), [`/proc/77/root${path}`]: other('file', '1:5') }
    expectQuiet(bindReplaced, { line, facts: project(other('file'), { places }) }, unless)
  })

  test('new code in the place of the old', () => {
    const web = aContainer('web', { mounts: ['/srv/html:/html'], details: { pid: 77 } })
    const places = { '/srv/html': other('filled'), '/proc/77/root/html': inside }
    const facts = aProject({ services: [aService('web')], containers: [web], places })
    expectQuiet(bindReplaced, { line, facts }, unless)
  })

  test('a stopped container, or one that is not meant', () => {
    const stopped = project(other('empty'), { containers: [{ ...db, state: 'exited' }] })
    expectQuiet(bindReplaced, { line, facts: stopped }, unless)
    expectQuiet(bindReplaced, { line: 'restart web', ...unless }, { line })
  })

  test.each(['up -d', 'start', 'pause'])('%s', words =>
    expectQuiet(bindReplaced, { line: words, ...unless }, { line }),
  )
})
