import { describe, expect, it } from 'vitest'
import { byProject, noProject } from '../../../src/core/docker/projects.ts'
import { takenBy } from '../../../src/core/docker/taken.ts'
import type { Taken } from '../../../src/core/docker/taken.ts'
import type { ContainerFact } from '../../../src/model/facts.ts'
import { dockerLine } from '../../fakes/docker-line.ts'
import { aContainer, aLedger, aVolume, madeAt, now } from '../../fakes/facts.ts'

const running = aContainer('db', { mounts: ['shop_data:/data'] })
const stopped = aContainer('old', { state: 'exited', labels: { tier: 'test' } })
const paused = aContainer('paused', { state: 'paused' })
const alone = aContainer('hand', { project: null, name: 'hand', state: 'created' })
const helper = aContainer('help', { state: 'created', labels: { 'dev.safe-compose.helper': '1' } })
const task = aContainer('task', {
  project: null,
  name: 'web.1.x',
  labels: {
    'com.docker.stack.namespace': 'web',
    'com.docker.swarm.service.name': 'web_db',
    'com.docker.swarm.service.id': '5xk0v2',
  },
})
const containers = [running, stopped, paused, alone, helper, task]
const volumes = [aVolume('shop_data'), aVolume('free', { labels: {} })]

function take(
  line: string,
  stdin: 'terminal' | 'empty' | 'data' = 'empty',
  pruneFilters: readonly string[] = [],
): Taken {
  return takenBy(dockerLine(line), { containers, volumes, apiVersion: '1.51', pruneFilters, now }, stdin)
}

function names(taken: Taken): readonly string[] {
  return taken.containers.map(({ container }) => container.name)
}

describe('the containers that a line removes', () => {
  it.each([
    ['docker rm shop-old-1', ['shop-old-1']],
    ['docker rm /shop-old-1', ['shop-old-1']],
    ['docker rm shop-db-1 shop-paused-1 hand', ['hand']],
    ['docker rm -f shop-db-1 shop-paused-1', ['shop-db-1', 'shop-paused-1']],
    ['docker rm -f id-of-hand', ['hand']],
    ['docker rm -f id-of-ha', ['hand']],
    ['docker rm -f id-of', []],
    ['docker rm -f nothing', []],
    ['docker rm -l shop-old-1', []],
    ['docker rm hand hand', ['hand']],
    ['docker container prune -f', ['shop-old-1', 'hand']],
    ['docker system prune -f', ['shop-old-1', 'hand']],
    ['docker container prune', []],
    ['docker container prune -f --filter label=tier', ['shop-old-1']],
    ['docker container prune -f --filter label=tier=test', ['shop-old-1']],
    ['docker container prune -f --filter label=tier=live', []],
    ['docker container prune -f --filter label!=tier', ['hand']],
    ['docker container prune -f --filter until=1h', ['shop-old-1', 'hand']],
    ['docker container prune -f --filter until=1000h', []],
    ['docker container prune -f --filter until=2026-10-01T00:00:00Z', []],
    ['docker container prune -f --filter until=1', []],
    ['docker container prune -f --filter until=yesterday', ['shop-old-1', 'hand']],
    ['docker container prune -f --new --filter label=tier', ['shop-old-1', 'hand']],
    ['docker stack rm web', ['web.1.x']],
    ['docker service rm web_db', ['web.1.x']],
    ['docker service rm 5xk0v2', ['web.1.x']],
    ['docker service rm 5x', ['web.1.x']],
    ['docker service rm x', []],
    ['docker container prune -f --filter label=constructor', []],
    ['docker stack rm other', []],
    ['docker volume rm free', []],
  ])('%s', (line, expected) => {
    expect(names(take(line))).toEqual(expected)
  })

  it('takes their anonymous volumes where it says so, and with a stack always', () => {
    const withVolumes = (line: string): readonly boolean[] =>
      take(line).containers.map(each => each.withVolumes)
    expect(withVolumes('docker rm hand')).toEqual([false])
    expect(withVolumes('docker rm -v hand')).toEqual([true])
    expect(withVolumes('docker system prune -f --volumes')).toEqual([false, false])
    expect(withVolumes('docker stack rm web')).toEqual([true])
  })

  it('by what docker’s own configuration adds, unless the line says the opposite', () => {
    const prune = (words: string, ...added: string[]): readonly string[] =>
      names(take(`docker container prune -f ${words}`, 'empty', added))
    expect(prune('', 'label!=tier')).toEqual(['hand'])
    expect(prune('', 'label=tier')).toEqual(['shop-old-1'])
    expect(prune('--filter label=tier', 'label!=tier')).toEqual(['shop-old-1'])
    expect(prune('--filter label!=tier', 'label=tier')).toEqual(['hand'])
    expect(prune('', 'label', 'label=')).toEqual(['shop-old-1', 'hand'])
  })

  it('asks before it prunes, where somebody can answer', () => {
    expect(take('docker container prune', 'terminal')).toMatchObject({ asked: true })
    expect(names(take('docker container prune', 'data'))).toEqual(['shop-old-1', 'hand'])
    expect(take('docker container prune -f').asked).toBe(false)
    expect(take('docker rm hand').asked).toBe(false)
  })
})

describe('the volumes that a prune takes', () => {
  const named = aVolume('named', { labels: {} })
  const anonymous = aVolume('a1b2', { labels: { 'com.docker.volume.anonymous': '' } })
  const pruned = (words: string, ...pruneFilters: string[]): readonly string[] => {
    const seen = { containers: [], volumes: [named, anonymous], apiVersion: '1.51', pruneFilters, now }
    const line = dockerLine(['docker', 'volume', 'prune', '-f', ...(words === '' ? [] : ['--filter', words])])
    return takenBy(line, seen, 'empty').volumes.map(({ name }) => name)
  }

  it.each([
    ['', [], ['a1b2']],
    ['all=true', [], ['named', 'a1b2']],
    ['all = true', [], ['named', 'a1b2']],
    ['ALL=1', [], ['named', 'a1b2']],
    ['all=false', [], ['a1b2']],
    ['', ['all=true'], ['named', 'a1b2']],
    ['', ['all=true', 'label!=com.docker.volume.anonymous'], ['named']],
  ])('%j, and %j of the configuration', (words, added, expected) => {
    expect(pruned(words, ...added)).toEqual(expected)
  })
})

describe('whose it is', () => {
  it('goes by labels, then by what is remembered; what belongs to nobody stands together', () => {
    const made = aVolume('by-hand', { labels: {} })
    const others: ContainerFact = { ...stopped, project: 'blog', id: 'of-blog' }
    const taken: Taken = {
      volumes: [...volumes, made],
      containers: [others, alone].map(container => ({ container, withVolumes: false })),
      asked: false,
    }
    const ledgers = [aLedger({ db: ['by-hand:/data'] }, { project: 'shop' })]
    expect([...byProject(taken, ledgers)]).toEqual([
      ['shop', { volumes: ['shop_data', 'by-hand'], containers: [] }],
      [noProject, { volumes: ['free'], containers: [{ id: 'id-of-hand', withVolumes: false }] }],
      ['blog', { volumes: [], containers: [{ id: 'of-blog', withVolumes: false }] }],
    ])
  })

  it('remembers a volume by its creation too', () => {
    const again = aVolume('by-hand', { labels: {}, createdAt: now.toISOString() })
    const ledgers = [aLedger({ db: ['by-hand:/data'] })]
    expect(madeAt).not.toBe(again.createdAt)
    expect([...byProject({ volumes: [again], containers: [], asked: false }, ledgers).keys()]).toEqual([
      noProject,
    ])
  })
})
