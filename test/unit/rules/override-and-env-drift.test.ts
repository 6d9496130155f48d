import { describe, expect, test } from 'vitest'
import { delayedFuse } from '../../../src/core/rules/delayed-fuse.ts'
import { overrideAndEnvDrift } from '../../../src/core/rules/override-and-env-drift.ts'
import { volumeIdentityEdit } from '../../../src/core/rules/volume-identity-edit.ts'
import { unsetVariables } from '../../../src/core/drift.ts'
import {
  aContainer,
  aLedger,
  aProject,
  aService,
  aVolume,
  anImage,
  circumstances,
  looked,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const old = aVolume('shop_proddata')
const both = ['/srv/shop/compose.yaml', '/srv/shop/compose.prod.yaml']
const found = { shop_proddata: 'orphaned' } as const

/** The container was made with the override that says proddata; this run does without. */
function without(words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })],
    containers: [
      aContainer('db', { image: 'postgres:15', mounts: [`shop_proddata:${data}`], configFiles: both }),
    ],
    volumes: [old],
    hashes: { db: 'hash-2' },
    images: [anImage('postgres:15', { id: 'sha256:db' })],
    contents: looked([old, someContents()]),
    ...words,
  })
}

const warning =
  'time="…" level=warning msg="The \\"STAGE\\" variable is not set. Defaulting to a blank string."'
/** `hz_${STAGE}_pg` with the variable unset. */
const unset = without({
  containers: [aContainer('db', { image: 'postgres:15', mounts: [`shop_proddata:${data}`] })],
  declared: [{ key: 'pgdata', name: 'hz__pg' }],
  warnings: warning,
})

describe('found', () => {
  test('other files than the container was made from', () => {
    const [finding] = expectFound(overrideAndEnvDrift, { line: 'up -d', facts: without() }, found)
    expect(finding?.because).toBe(
      'db would start on shop_pgdata, which does not exist yet; its data is in shop_proddata (PostgreSQL 15): its container was made from compose.yaml and compose.prod.yaml, and this run reads compose.yaml',
    )
    expect(finding?.instead).toBe('the files of last time: -f compose.yaml -f compose.prod.yaml')
    expect(finding?.warning).toBeUndefined()
  })

  test('a variable that is not set', () => {
    const [finding] = expectFound(overrideAndEnvDrift, { line: 'up -d', facts: unset }, found)
    expect(finding?.because).toContain('STAGE is not set, so the file now says hz__pg')
  })

  test('a variable that is not set, after down', () => {
    const facts = without({
      containers: [],
      declared: [{ key: 'pgdata', name: 'hz__pg' }],
      warnings: warning,
      ledger: aLedger({ db: [`shop_proddata:${data}`] }),
    })
    expectFound(overrideAndEnvDrift, { line: 'up -d', facts }, found)
  })

  test('a directory that follows a variable', () => {
    const facts = without({
      services: [aService('db', { image: 'postgres:15', mounts: [`/pgdata:${data}`] })],
      containers: [aContainer('db', { image: 'postgres:15', mounts: [`/srv/pg:${data}`] })],
      warnings: warning.replace('STAGE', 'DATA_DIR'),
    })
    const [finding] = expectFound(overrideAndEnvDrift, { line: 'up -d', facts }, { '/srv/pg': 'orphaned' })
    expect(finding?.because).toContain('DATA_DIR is not set')
  })

  test.each(['down', 'rm -fs'])('with %s fewer files are usual: a warning', line => {
    const [finding] = expectFound(overrideAndEnvDrift, { line, facts: without() }, found)
    expect(finding?.warning).toBe(true)
  })

  test('the rules about edits leave it to this one', () => {
    for (const facts of [without(), unset]) {
      const invocation = typed('up -d')
      expect(overrideAndEnvDrift.check(facts, invocation, circumstances())).toHaveLength(1)
      expect(volumeIdentityEdit.check(facts, invocation, circumstances())).toEqual([])
      expect(delayedFuse.check(facts, invocation, circumstances())).toEqual([])
    }
  })
})

describe('quiet', () => {
  test('other files that lead to the same volume', () => {
    const declared = [{ key: 'pgdata', name: 'shop_proddata' }]
    expectQuiet(overrideAndEnvDrift, { line: 'up -d', facts: without({ declared }) }, { facts: without() })
  })

  test('the same files, by another path of the project: an edit, and no drift', () => {
    const containers = [
      aContainer('db', {
        image: 'postgres:15',
        mounts: [`shop_proddata:${data}`],
        workingDirectory: '/old/shop',
        configFiles: ['/old/shop/compose.yaml'],
      }),
    ]
    expectQuiet(overrideAndEnvDrift, { line: 'up -d', facts: without({ containers }) }, { facts: without() })
  })

  test('the relative paths of version 1', () => {
    const containers = [
      aContainer('db', {
        image: 'postgres:15',
        mounts: [`shop_proddata:${data}`],
        configFiles: ['compose.yaml'],
      }),
    ]
    expectQuiet(
      overrideAndEnvDrift,
      { line: 'up -d', facts: without({ containers, compose: '1.29.2' }) },
      { facts: without({ compose: '1.29.2' }) },
    )
  })

  test('an unset variable that has nothing to do with the volume', () => {
    const facts = without({
      containers: [aContainer('db', { image: 'postgres:15', mounts: [`shop_proddata:${data}`] })],
      warnings: warning.replace('STAGE', 'LOG_LEVEL'),
    })
    expectQuiet(overrideAndEnvDrift, { line: 'up -d', facts }, { facts: unset })
  })

  test.each(['restart', 'stop', 'up -d --no-recreate', 'up --dry-run'])('%s', line => {
    expectQuiet(overrideAndEnvDrift, { line, facts: without() }, { line: 'up -d' })
  })
})

test('the variables that Compose says are not set, in both versions', () => {
  const v1 = 'WARNING: The STAGE variable is not set. Defaulting to a blank string.'
  expect(unsetVariables(`${warning}\n${v1}\n${v1.replace('STAGE', 'DATA_DIR')}`)).toEqual([
    'STAGE',
    'DATA_DIR',
  ])
  expect(unsetVariables('the attribute `version` is obsolete')).toEqual([])
})
