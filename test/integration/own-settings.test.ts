import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { explain } from '../../src/commands/explain.ts'
import { guard } from '../../src/commands/guard.ts'
import { trustProject } from '../../src/commands/trust.ts'
import type { TrustTools } from '../../src/commands/trust.ts'
import type { Context } from '../../src/commands/context.ts'
import type { ConfigurationSource } from '../../src/core/configuration.ts'
import { sealOf } from '../../src/core/trust.ts'
import type { TrustedProject } from '../../src/core/trust.ts'
import { Stop } from '../../src/model/failure.ts'
import { openExplanations } from '../../src/ui/explanations.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aWorld } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

const disposable = { 'safe-compose.backup': 'false' }
const seen = ['service db of shop', 'volume shop_pgdata, by service db of shop']
const shop = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'], labels: disposable })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'], labels: disposable })],
  volumes: [aVolume('shop_pgdata')],
})
const database = { kind: 'redis', label: 'Redis 7', path: '', identity: null } as const

let printed: string

function shopWorld(words: Partial<WorldWords> = {}): { world: World; context: Context } {
  const world = aWorld({ facts: shop, contents: { shop_pgdata: { database } }, ...words })
  return { world, context: { ...world.context, print: text => void (printed += text) } }
}

beforeEach(() => {
  printed = ''
})

async function failureOf(work: Promise<unknown>): Promise<Stop['failure']> {
  const error = await work.then(
    () => null,
    thrown => thrown as unknown,
  )
  if (error instanceof Stop) return error.failure
  throw error instanceof Error ? error : new Error('it did not stop')
}

describe('explain', () => {
  const pages = openExplanations({ width: 80 })
  const what = (context: Context, word: string | null, json = false): Promise<number> =>
    explain(context, typed('ps'), { what: word, json, directory: '/srv/shop' }, pages)

  test('a finding that was refused can be explained, though no journal tells of it', async () => {
    const { world, context } = shopWorld({ policy: { rules: { 'down-volumes': 'refuse' } } })
    await failureOf(guard(context, typed('down -v')))
    expect(world.entries).toEqual([])
    const refused = world.events.find(event => event.type === 'refused')
    const id = refused?.decision.stakes[0]?.stake.finding.id ?? ''
    expect(await what(context, id)).toBe(0)
    expect(printed).toContain(`${id}: found in this project`)
    expect(printed).toContain('decided   refused')
  })

  test('one of the journal can be explained by whoever did not see it', async () => {
    const { world, context } = shopWorld()
    await guard(context, typed('down -v'))
    const [entry] = world.entries
    const next = shopWorld()
    next.world.entries.push(entry!)
    expect(await what(next.context, entry!.findings[0]!.id!, true)).toBe(0)
    expect(JSON.parse(printed)).toMatchObject({
      finding: { command: 'down -v', finding: { holding: { name: 'shop_pgdata' } } },
      rule: { id: 'down-volumes' },
    })
  })

  test('what is not known: a rule with a slip of the pen, a finding of another project', async () => {
    const { context } = shopWorld()
    expect(await failureOf(what(context, 'down-volums'))).toEqual({
      reason: 'bad-usage',
      what: 'there is no rule down-volums',
      how: 'did you mean down-volumes?',
    })
    expect(await failureOf(what(context, 'down-volumes/0000'))).toMatchObject({
      reason: 'not-possible',
      how: 'see what the rule is about: safe-compose explain down-volumes',
    })
  })

  test('as JSON: with what the configuration makes of it', async () => {
    const { context } = shopWorld({ policy: { rules: { 'rm-v': { person: 'refuse' } } } })
    expect(await what(context, 'rm-v', true)).toBe(0)
    expect(JSON.parse(printed)).toMatchObject({
      id: 'rm-v',
      reactions: { person: [{ level: 'refuse', configured: true, when: null }] },
    })
  })
})

describe('labels of a trusted project', () => {
  test('are believed about a database when the user saw them, and not before', async () => {
    const untrusted = shopWorld()
    await guard(untrusted.context, typed('down -v'))
    expect(untrusted.world.log).toContain('copy shop_pgdata')
    const trusted = shopWorld({ policy: { disposable: seen } })
    await guard(trusted.context, typed('down -v'))
    expect(trusted.world.log.filter(step => step !== 'prepare store')).toEqual(['compose down -v'])
    const seenLess = shopWorld({ policy: { disposable: ['volume shop_cache'] } })
    await guard(seenLess.context, typed('down -v'))
    expect(seenLess.world.log).toContain('copy shop_pgdata')
  })
})

describe('trust', () => {
  const source: ConfigurationSource = {
    owner: 'project',
    file: '/srv/shop/.safe-compose.yaml',
    value: { rules: { 'down-volumes': { person: 'back-up' } } },
    lineOf: () => 3,
  }
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

  function toolsWith(sources: readonly ConfigurationSource[]): TrustTools & {
    readonly written: Pick<TrustedProject, 'configurations' | 'disposable'>[]
  } {
    const written: Pick<TrustedProject, 'configurations' | 'disposable'>[] = []
    return {
      written,
      directory: '/srv/shop',
      sources,
      page: () => '',
      book: {
        list: async () => [],
        trust: async (_, what) => void written.push(what),
        forget: async () => false,
      },
    }
  }

  test('a person is shown what is loosened and declared disposable, and exactly that is trusted', async () => {
    const asked: string[] = []
    const { world, context } = shopWorld({ audience: { kind: 'person' }, answers: [] })
    const prompt = {
      ...world.context.prompt!,
      confirm: async (question: string) => {
        asked.push(question)
        return true
      },
    }
    const tools = toolsWith([source])
    expect(await trustProject({ ...context, prompt }, typed('ps'), tools)).toBe(0)
    expect(asked).toEqual([
      [
        '/srv/shop: its configuration (.safe-compose.yaml) will count like your own',
        '  loosens: .safe-compose.yaml:3  rules.down-volumes.person: back-up  (without trust, a project may only set it to ask or refuse)',
        '  disposable: service db of shop: not backed up, even if it is a database',
        '  disposable: volume shop_pgdata, by service db of shop: not backed up, even if it is a database',
        '  What changes there later does not count until you trust it again.',
        'Trust it?',
      ].join('\n'),
    ])
    expect(tools.written).toEqual([
      { configurations: [sealOf(source, '/srv/shop', sha256)], disposable: seen },
    ])
    const no = { ...prompt, confirm: async () => false }
    expect(await failureOf(trustProject({ ...context, prompt: no }, typed('ps'), tools))).toEqual({
      reason: 'declined',
    })
    expect(tools.written).toHaveLength(1)
  })

  test('agents and scripts cannot trust', async () => {
    for (const audience of [
      { kind: 'script', ci: null },
      { kind: 'agent', name: 'an agent', variable: 'X' },
    ] as const) {
      const { context } = shopWorld({ audience, ...(audience.kind === 'agent' ? { answers: [] } : {}) })
      const tools = toolsWith([source])
      expect(await failureOf(trustProject(context, typed('ps'), tools))).toMatchObject({ reason: 'refused' })
      expect(tools.written).toEqual([])
    }
  })

  test('where there is nothing to trust, nothing is asked', async () => {
    const plain = aProject({ services: [aService('db')] })
    const { context } = shopWorld({ facts: plain, audience: { kind: 'person' }, answers: [] })
    expect(await failureOf(trustProject(context, typed('ps'), toolsWith([])))).toMatchObject({
      reason: 'not-possible',
    })
  })
})
