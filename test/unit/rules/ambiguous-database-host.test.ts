import { describe, expect, test } from 'vitest'
import { ambiguousDatabaseHost } from '../../../src/core/rules/ambiguous-database-host.ts'
import type { ContainerFact, Facts } from '../../../src/model/facts.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const other = aContainer('db', { project: 'blog', image: 'postgres:16', networks: ['blog_default', 'edge'] })

function beside(container: ContainerFact, networks: readonly string[] = ['shop_default', 'edge']): Facts {
  return aProject({
    services: [aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}`], networks })],
    containers: [container],
    volumes: [aVolume('shop_pgdata')],
  })
}

describe('found', () => {
  test.each(['up -d', 'create db', 'up -d --force-recreate'])('%s', line => {
    const [finding] = expectFound(
      ambiguousDatabaseHost,
      { line, facts: beside(other) },
      { shop_pgdata: 'hidden' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toBe(
      'on the network edge the name db answers from shop and blog, now the one, now the other',
    )
    expect(finding?.instead).toContain('aliases: [shop-db]')
  })
})

describe('quiet', () => {
  test.each<readonly [string, Facts]>([
    ['no network in common', beside(other, ['shop_default'])],
    [
      "Docker's own network, where nobody answers by name",
      beside({ ...other, networks: ['bridge'] }, ['bridge']),
    ],
    ['another name', beside({ ...other, service: 'blog-db' })],
    ['a container that is stopped', beside({ ...other, state: 'exited' })],
    ['a container of the same project', beside({ ...other, project: 'shop' })],
  ])('%s', (_, facts) => {
    expectQuiet(ambiguousDatabaseHost, { line: 'up -d', facts }, { facts: beside(other) })
  })

  test('web servers of two projects on the network of their proxy', () => {
    const of = (image: string): Facts =>
      aProject({
        services: [aService('web', { image, networks: ['edge'] })],
        containers: [aContainer('web', { project: 'blog', image: 'nginx:1', networks: ['edge'] })],
      })
    expectQuiet(ambiguousDatabaseHost, { line: 'up -d', facts: of('nginx:1') }, { facts: of('postgres:16') })
  })

  test.each(['restart', 'down', 'stop'])('%s', line => {
    expectQuiet(ambiguousDatabaseHost, { line, facts: beside(other) }, { line: 'up -d' })
  })
})
