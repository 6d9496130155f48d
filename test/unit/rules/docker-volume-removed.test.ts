import { describe, expect, test } from 'vitest'
import { dockerVolumeRemoved } from '../../../src/core/rules/docker-volume-removed.ts'
import { typedToDocker } from '../../fakes/docker-line.ts'
import { aContainer, aLedger, anonymousName, aProject, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const data = aVolume('shop_data')
const unnamed = aVolume(a, {
  labels: { 'com.docker.volume.anonymous': '', 'com.docker.compose.project': 'shop' },
})
const down = aProject({ volumes: [data, unnamed], ledger: aLedger({ db: ['shop_data:/data'] }) })
const both = { shop_data: 'destroyed', [a]: 'destroyed' } as const

describe('found', () => {
  test.each([
    'docker volume rm shop_data',
    'docker volume rm -f shop_data',
    'docker volume -- x rm shop_data',
  ])('%s', line => {
    const [finding] = expectFound(dockerVolumeRemoved, typedToDocker(line, down), { shop_data: 'destroyed' })
    expect(finding?.because).toBe('docker volume rm deletes shop_data, which db used')
    expect(finding?.usedBy).toEqual(['db'])
  })

  test('prune -a, and its filter, take named volumes too', () => {
    expectFound(dockerVolumeRemoved, typedToDocker('docker volume prune -af', down), both)
    expectFound(dockerVolumeRemoved, typedToDocker('docker volume prune -f --filter all=1', down), both)
  })

  test('before Docker 23 every prune does', () => {
    const old = { apiVersion: '1.41' }
    expectFound(dockerVolumeRemoved, typedToDocker('docker volume prune -f', down, old), both)
    expectFound(dockerVolumeRemoved, typedToDocker('docker system prune -f --volumes', down, old), both)
  })

  test('since then only those without a name', () => {
    expectFound(dockerVolumeRemoved, typedToDocker('docker volume prune -f', down), { [a]: 'destroyed' })
    const [finding] = expectFound(
      dockerVolumeRemoved,
      typedToDocker('docker system prune -f --volumes', down),
      { [a]: 'destroyed' },
    )
    expect(finding?.instead).toBe('docker system prune -f')
  })

  test('a stopped container goes first, and then its volume is unused', () => {
    const stopped = aContainer('db', { state: 'exited', mounts: [`${a}:/data`] })
    const facts = aProject({ volumes: [unnamed], containers: [stopped] })
    expectFound(dockerVolumeRemoved, typedToDocker('docker system prune -f --volumes', facts), {
      [a]: 'destroyed',
    })
  })

  test('where docker asks the person at the terminal', () => {
    const [finding] = expectFound(
      dockerVolumeRemoved,
      typedToDocker('docker volume prune -a', down, { stdin: 'terminal' }),
      both,
    )
    expect(finding?.composeAsks).toBe(true)
  })

  test('the question may be answered by what is piped in', () => {
    const [finding] = expectFound(
      dockerVolumeRemoved,
      typedToDocker('docker volume prune -a', down, { stdin: 'data' }),
      both,
    )
    expect(finding?.composeAsks).toBeUndefined()
  })
})

describe('quiet', () => {
  const rm = typedToDocker('docker volume rm shop_data', down)
  const prune = (line: string): ReturnType<typeof typedToDocker> => typedToDocker(line, down)

  test('what a container has, stopped or not: docker refuses it', () => {
    const used = aProject({
      volumes: [data],
      containers: [aContainer('db', { state: 'exited', mounts: ['shop_data:/data'] })],
    })
    expectQuiet(dockerVolumeRemoved, typedToDocker(rm.line, used), rm)
  })

  test('another volume', () => expectQuiet(dockerVolumeRemoved, prune('docker volume rm shop_dat'), rm))

  test('what a filter keeps', () => {
    const all = prune('docker volume prune -af')
    expectQuiet(dockerVolumeRemoved, prune('docker volume prune -af --filter label=keep'), all)
    expectQuiet(
      dockerVolumeRemoved,
      prune('docker volume prune -af --filter label!=com.docker.compose.project=shop'),
      all,
    )
  })

  test('other drivers, and names for what lies elsewhere', () => {
    const all = prune('docker volume prune -af')
    const elsewhere = aProject({
      volumes: [aVolume('shop_nfs', { driver: 'nfs' }), aVolume('shop_bind', { options: { o: 'bind' } })],
    })
    expectQuiet(dockerVolumeRemoved, typedToDocker(all.line, elsewhere), all)
  })

  test('system prune without --volumes', () => {
    expectQuiet(
      dockerVolumeRemoved,
      prune('docker system prune -af'),
      prune('docker system prune -f --volumes'),
    )
  })

  test('nobody to say yes', () => {
    expectQuiet(dockerVolumeRemoved, prune('docker volume prune -a'), prune('docker volume prune -af'))
  })
})
