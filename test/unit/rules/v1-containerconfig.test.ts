import { describe, expect, test } from 'vitest'
import { v1ContainerConfig } from '../../../src/core/rules/v1-containerconfig.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { aContainer, aProject, aService, aVolume, anImage, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')

function changed(of: { readonly compose?: string; readonly containerConfig?: boolean | null } = {}): Facts {
  const { compose = '1.29.2', containerConfig = false } = of
  return aProject({
    compose,
    services: [aService('db', { mounts: ['pgdata:/var/lib/postgresql/data'] }), aService('web')],
    containers: [
      aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data', `${a}:/backups`] }),
      aContainer('web'),
    ],
    volumes: [aVolume('shop_pgdata'), aVolume(a)],
    hashes: { db: 'hash-2', web: 'hash-2' },
    images: [anImage('db:1', { containerConfig }), anImage('web:1', { containerConfig })],
  })
}

const found = { shop_pgdata: 'hidden', 'db:/backups': 'hidden' } as const

describe('found', () => {
  test.each(['up -d', 'up -d --force-recreate', 'create'])('%s', line => {
    const [finding] = expectFound(v1ContainerConfig, { line, facts: changed() }, found)
    expect(finding?.because).toContain("KeyError: 'ContainerConfig'")
    expect(finding?.instead).toContain(`COMPOSE_API_VERSION=1.41 docker-compose ${line}`)
  })
})

describe('quiet', () => {
  test.each<readonly [string, Facts]>([
    ['an engine that tells it', changed({ containerConfig: true })],
    ['an engine that was not asked', changed({ containerConfig: null })],
    ['Compose v2', changed({ compose: '2.40.3' })],
  ])('%s', (_, facts) => {
    expectQuiet(v1ContainerConfig, { line: 'up -d', facts }, { facts: changed() })
  })

  test.each(['up -d --no-recreate', 'up -d web', 'restart', 'run web true', 'down'])('%s', line => {
    expectQuiet(v1ContainerConfig, { line, facts: changed() }, { line: 'up -d' })
  })
})
