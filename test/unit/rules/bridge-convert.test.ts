import { describe, expect, test } from 'vitest'
import { bridgeConvert } from '../../../src/core/rules/bridge-convert.ts'
import { aProject } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const facts = aProject()

describe('found', () => {
  test('the default directory', () => {
    const [finding] = expectFound(
      bridgeConvert,
      { line: 'bridge convert', facts, where: { directories: { out: 'filled' } } },
      { out: 'destroyed' },
    )
    expect(finding?.canBackUp).toBe(false)
    expect(finding?.instead).toBe('docker compose bridge convert --output out-new')
  })
  test.each([
    'bridge convert -o /srv/k8s',
    'bridge convert --output=/srv/k8s',
    '--dry-run bridge convert -o /srv/k8s',
  ])('%s', line => {
    expectFound(
      bridgeConvert,
      { line, facts, where: { directories: { '/srv/k8s': 'filled' } } },
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
      { line: 'bridge convert', facts, where: { directories: { out: state } } },
      { where: { directories: { out: 'filled' } } },
    ),
  )
  test('other commands', () =>
    expectQuiet(bridgeConvert, { line: 'bridge transformations list', facts }, { line: 'bridge convert' }))
})
