import { describe, expect, test } from 'vitest'
import { foreignNamedVolume } from '../../../src/core/rules/foreign-named-volume.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const services = [aService('db', { mounts: ['pgdata:/d'] })]
const declared = [{ key: 'pgdata', name: 'shared_pgdata' }]
const theirs = aVolume('shared_pgdata', { labels: { 'com.docker.compose.project': 'blog' } })
const own = aVolume('shared_pgdata', { labels: { 'com.docker.compose.project': 'shop' } })
const facts = aProject({ services, declared, volumes: [theirs] })

describe('found', () => {
  test('a volume that another project made', () => {
    const [finding] = expectFound(
      foreignNamedVolume,
      { line: 'down -v', facts },
      { shared_pgdata: 'destroyed' },
    )
    expect(finding?.because).toBe('down --volumes deletes shared_pgdata, which project blog made')
  })

  test('a volume that was made by hand', () => {
    const byHand = aProject({ services, declared, volumes: [aVolume('shared_pgdata', { labels: {} })] })
    const [finding] = expectFound(
      foreignNamedVolume,
      { line: 'down -v', facts: byHand },
      { shared_pgdata: 'destroyed' },
    )
    expect(finding?.because).toContain('not made by Compose')
  })

  test('also with a service named', () => {
    expectFound(foreignNamedVolume, { line: 'down -v db', facts }, { shared_pgdata: 'destroyed' })
  })
})

describe('quiet', () => {
  test('a volume of our own', () =>
    expectQuiet(
      foreignNamedVolume,
      { line: 'down -v', facts: aProject({ services, declared, volumes: [own] }) },
      { facts },
    ))
  test('declared external', () => {
    const external = aProject({
      services,
      declared: [{ key: 'pgdata', name: 'shared_pgdata', external: true }],
      volumes: [theirs],
    })
    expectQuiet(foreignNamedVolume, { line: 'down -v', facts: external }, { facts })
  })
  test('the other project still holds it', () => {
    const holder = aContainer('db', { project: 'blog', state: 'exited', mounts: ['shared_pgdata:/d'] })
    expectQuiet(foreignNamedVolume, { line: 'down -v', facts: { ...facts, containers: [holder] } }, { facts })
  })
  test('without -v', () => expectQuiet(foreignNamedVolume, { line: 'down', facts }, { line: 'down -v' }))
})
