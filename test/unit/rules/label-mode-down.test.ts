import { describe, expect, test } from 'vitest'
import { labelModeDown } from '../../../src/core/rules/label-mode-down.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const db = aContainer('db', { mounts: ['shop_pgdata:/d'] })
const web = aContainer('web', {
  mounts: ['shop_web:/w'],
  labels: { 'com.docker.compose.depends_on': 'db:service_started:false' },
})
const labelled = [aVolume('shop_pgdata'), aVolume('shop_old'), aVolume('shop_web')]

describe('found', () => {
  test('every volume with the label, used or not', () => {
    const facts = aProject({ target: 'labels', containers: [db, web], volumes: labelled })
    expectFound(
      labelModeDown,
      { line: '-p shop down -v', facts },
      {
        shop_pgdata: 'destroyed',
        shop_old: 'destroyed',
        shop_web: 'destroyed',
      },
    )
  })

  test('one that the file calls external, which does not protect it', () => {
    const services = [aService('db', { mounts: ['pgdata:/d'] })]
    const declared = [{ key: 'pgdata', external: true }]
    const facts = aProject({
      target: 'labels',
      services,
      declared,
      containers: [db],
      volumes: [aVolume('shop_pgdata')],
    })
    const [finding] = expectFound(
      labelModeDown,
      { line: '-p shop down -v', facts },
      { shop_pgdata: 'destroyed' },
    )
    expect(finding?.evidence).toContain('the file calls it external, which does not protect it here')
  })

  test('when the file cannot be read', () => {
    const facts = aProject({
      target: 'labels',
      broken: 'yaml: line 1',
      containers: [db],
      volumes: [aVolume('shop_pgdata')],
    })
    const [finding] = expectFound(labelModeDown, { line: 'down -v', facts }, { shop_pgdata: 'destroyed' })
    expect(finding?.evidence).toContain('the file cannot be read')
  })

  test('with a service named: every volume that no remaining container holds', () => {
    const facts = aProject({ target: 'labels', containers: [db, web], volumes: labelled })
    expectFound(
      labelModeDown,
      { line: '-p shop down -v web', facts },
      { shop_old: 'destroyed', shop_web: 'destroyed' },
    )
  })

  test('a service named takes those along that depend on it', () => {
    const facts = aProject({ target: 'labels', containers: [db, web], volumes: labelled })
    expectFound(
      labelModeDown,
      { line: '-p shop down -v db', facts },
      {
        shop_pgdata: 'destroyed',
        shop_old: 'destroyed',
        shop_web: 'destroyed',
      },
    )
  })

  test('before 2.40 a name without a container means the whole project', () => {
    const facts = aProject({
      compose: '2.26.1',
      target: 'labels',
      containers: [db],
      volumes: [aVolume('shop_pgdata')],
    })
    expectFound(labelModeDown, { line: '-p shop down -v typo', facts }, { shop_pgdata: 'destroyed' })
  })
})

describe('quiet', () => {
  const facts = aProject({ target: 'labels', containers: [db], volumes: [aVolume('shop_pgdata')] })

  test('without -v', () =>
    expectQuiet(labelModeDown, { line: '-p shop down', facts }, { line: '-p shop down -v' }))
  test('by the file', () =>
    expectQuiet(labelModeDown, { line: 'down -v', facts: { ...facts, target: 'model' } }, { facts }))
  test('from 2.40 on a name without a container means nothing', () =>
    expectQuiet(labelModeDown, { line: '-p shop down -v typo', facts }, { line: '-p shop down -v db' }))
  test('volumes of other projects, and anonymous ones', () => {
    const blog = aVolume('blog_pgdata', { labels: { 'com.docker.compose.project': 'blog' } })
    const other = aProject({ target: 'labels', volumes: [blog, aVolume(anonymousName('a'))] })
    expectQuiet(labelModeDown, { line: '-p shop down -v', facts: other }, { facts })
  })
  test('held by a container that run made', () => {
    const job = aContainer('db', { name: 'job', oneOff: true, mounts: ['shop_pgdata:/d'] })
    expectQuiet(
      labelModeDown,
      { line: '-p shop down -v', facts: { ...facts, containers: [db, job] } },
      { facts },
    )
  })
})
