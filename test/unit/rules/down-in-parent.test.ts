import { describe, expect, test } from 'vitest'
import { downInParent } from '../../../src/core/rules/down-in-parent.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const facts = aProject({
  services: [aService('db', { mounts: ['pgdata:/var/lib/postgresql/data'] })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data', `${a}:/backups`] })],
  volumes: [aVolume('shop_pgdata'), aVolume(a)],
})
const where = { directory: '/srv/shop/scratch/demo' }

describe('found', () => {
  test('down -v names the project and its folder', () => {
    const [finding] = expectFound(
      downInParent,
      { line: 'down -v', facts, where },
      { shop_pgdata: 'destroyed', 'db:/backups': 'destroyed' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toBe(
      'there is no Compose file in /srv/shop/scratch/demo: this is project shop of /srv/shop',
    )
  })

  test('rm -v', () => {
    expectFound(downInParent, { line: 'rm -fsv', facts, where }, { 'db:/backups': 'destroyed' })
  })
})

describe('quiet', () => {
  const situation = { line: 'down -v', facts, where }

  test.each(['/srv/shop', '/srv', '/srv/shop2'])('in %s', directory => {
    expectQuiet(downInParent, { ...situation, where: { directory } }, { where })
  })

  test.each([
    'down',
    '-f ../../compose.yaml down -v',
    '--project-directory ../.. down -v',
    '--dry-run down -v',
  ])('%s', line => {
    expectQuiet(downInParent, { ...situation, line }, { line: 'down -v' })
  })

  test('a file that the environment names', () => {
    const variables = { COMPOSE_FILE: '../../compose.yaml' }
    expectQuiet(downInParent, { ...situation, where: { ...where, variables } }, { where })
  })

  test('by the labels of a project, wherever it lies', () => {
    expectQuiet(downInParent, { ...situation, facts: { ...facts, target: 'labels' } }, { facts })
  })
})
