import { describe, expect, test } from 'vitest'
import { bridgeConvert } from '../../../src/core/rules/bridge-convert.ts'
import type { Circumstances, NamedDirectory } from '../../../src/model/finding.ts'
import { aProject } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const facts = aProject()

function directories(typed: string, state: NamedDirectory['state']): Pick<Circumstances, 'directories'> {
  const path = typed.startsWith('/') ? typed : `/srv/shop/${typed}`
  return { directories: { [typed]: { path, state, version: 'v1' } } }
}

describe('found', () => {
  test('the default directory', () => {
    const [finding] = expectFound(
      bridgeConvert,
      { line: 'bridge convert', facts, where: directories('out', 'filled') },
      { '/srv/shop/out': 'destroyed' },
    )
    expect(finding?.canBackUp).toBe(true)
    expect(finding?.because).toContain('the directory out ')
    expect(finding?.instead).toBe('docker compose bridge convert --output out-new')
  })
  test.each([
    'bridge convert -o /srv/k8s',
    'bridge convert --output=/srv/k8s',
    '--dry-run bridge convert -o /srv/k8s',
  ])('%s', line => {
    expectFound(
      bridgeConvert,
      { line, facts, where: directories('/srv/k8s', 'filled') },
      { '/srv/k8s': 'destroyed' },
    )
  })
  test('a directory that could not be looked at', () => {
    expectFound(bridgeConvert, { line: 'bridge convert', facts }, { out: 'destroyed' })
  })
})

describe('quiet', () => {
  test.each(['missing', 'empty'] as const)('a directory that is %s', state =>
    expectQuiet(
      bridgeConvert,
      { line: 'bridge convert', facts, where: directories('out', state) },
      { where: directories('out', 'filled') },
    ),
  )
  test.each(['.', './.', '/srv/.'])('%s cannot be deleted', path =>
    expectQuiet(
      bridgeConvert,
      { line: `bridge convert -o ${path}`, facts, where: directories(path, 'filled') },
      { line: 'bridge convert -o ..' },
    ),
  )
  test('other commands', () =>
    expectQuiet(bridgeConvert, { line: 'bridge transformations list', facts }, { line: 'bridge convert' }))
})
