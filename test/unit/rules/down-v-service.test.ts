import { describe, test } from 'vitest'
import { downVService } from '../../../src/core/rules/down-v-service.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const shop = {
  services: [
    aService('db', { mounts: ['pgdata:/d'] }),
    aService('web', { mounts: ['uploads:/u'], dependsOn: ['db'] }),
    aService('mail', { mounts: ['mails:/m'] }),
  ],
  volumes: [aVolume('shop_pgdata'), aVolume('shop_uploads'), aVolume('shop_mails')],
}
const web = aContainer('web', { mounts: ['shop_uploads:/u'] })
const db = aContainer('db', { mounts: ['shop_pgdata:/d'] })
const mail = aContainer('mail', { mounts: ['shop_mails:/m'] })

describe('found', () => {
  test('before 2.29 every volume of the project that no container holds', () => {
    const facts = aProject({ ...shop, compose: '2.26.1', containers: [web] })
    const all = { shop_pgdata: 'destroyed', shop_uploads: 'destroyed', shop_mails: 'destroyed' } as const
    expectFound(downVService, { line: 'down -v web', facts }, all)
  })

  test('from 2.29 on those of the service and of its dependencies', () => {
    const facts = aProject({ ...shop, compose: '2.29.0', containers: [web] })
    expectFound(
      downVService,
      { line: 'down -v web', facts },
      { shop_pgdata: 'destroyed', shop_uploads: 'destroyed' },
    )
  })

  test('the dependency’s own container still holds its volume', () => {
    const facts = aProject({ ...shop, containers: [web, db, mail] })
    expectFound(downVService, { line: 'down -v web', facts }, { shop_uploads: 'destroyed' })
  })

  test('a service of an inactive profile is enabled by its name', () => {
    const inactive = [aService('tools', { mounts: ['tools:/t'] })]
    const facts = aProject({ ...shop, inactive, volumes: [...shop.volumes, aVolume('shop_tools')] })
    expectFound(downVService, { line: 'down -v tools', facts }, { shop_tools: 'destroyed' })
  })
})

describe('quiet', () => {
  const facts = aProject({ ...shop, containers: [web, db, mail] })

  test('without -v', () => expectQuiet(downVService, { line: 'down web', facts }, { line: 'down -v web' }))
  test('without a service', () =>
    expectQuiet(downVService, { line: 'down -v', facts }, { line: 'down -v web' }))
  test('a dry run', () =>
    expectQuiet(downVService, { line: 'down -v web --dry-run', facts }, { line: 'down -v web' }))
  test('a service without volumes', () => {
    const plain = aProject({ ...shop, services: [...shop.services, aService('cron')], containers: [] })
    expectQuiet(downVService, { line: 'down -v cron', facts: plain }, { line: 'down -v web' })
  })
  test('every volume is held by a container that stays', () => {
    const other = aContainer('other', { project: 'blog', mounts: ['shop_uploads:/u'] })
    const held = aProject({ ...shop, containers: [web, db, mail, other] })
    expectQuiet(downVService, { line: 'down -v web', facts: held }, { facts })
  })
})
