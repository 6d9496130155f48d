import { describe, expect, test } from 'vitest'
import { effectOf, reactions, reactionsOf, strictestOf } from '../../src/core/effects.ts'
import { levelFor, onTop } from '../../src/core/levels.ts'
import { rules } from '../../src/core/rules/index.ts'
import type { Effect, Finding } from '../../src/model/finding.ts'

const finding: Finding = {
  rule: 'down-volumes',
  outcome: 'destroyed',
  holding: { kind: 'volume', name: 'shop_pgdata', createdAt: '' },
  because: '',
  evidence: [],
  usedBy: [],
  instead: null,
  canBackUp: true,
}
const wouldUse = { name: 'shop-v2_pgdata', state: 'missing' } as const

describe('the effect of a finding', () => {
  test.each<[Effect, Partial<Finding>]>([
    ['destroyed', {}],
    ['destroyed-without-copy', { canBackUp: false }],
    ['destroyed-without-copy', { canBackUp: false, composeAsks: true }],
    ['destroyed-if-confirmed', { composeAsks: true }],
    ['corrupted', { outcome: 'corrupted' }],
    ['hidden', { outcome: 'hidden', canBackUp: false }],
    ['orphaned', { outcome: 'orphaned' }],
    ['replaced', { outcome: 'orphaned', wouldUse }],
    ['replaced', { outcome: 'orphaned', wouldUse, canBackUp: false }],
    ['orphaned-without-copy', { outcome: 'orphaned', canBackUp: false }],
    ['recreated', { outcome: 'recreated' }],
    ['warning', { outcome: 'hidden', warning: true }],
  ])('%s: %o', (effect, words) => {
    expect(effectOf({ ...finding, ...words })).toBe(effect)
  })
})

describe('what a rule leads to', () => {
  const anonymous: { readonly leadsTo: readonly Effect[] } = { leadsTo: ['destroyed', 'orphaned'] }

  test('by default each effect has its own reaction, the same ones together', () => {
    expect(reactionsOf(anonymous, 'person', undefined)).toEqual([
      { level: 'ask', effects: ['destroyed'], configured: false },
      { level: 'back-up', effects: ['orphaned'], configured: false },
    ])
    expect(reactionsOf(anonymous, 'script', undefined)).toEqual([
      { level: 'back-up', effects: ['destroyed', 'orphaned'], configured: false },
    ])
    expect(strictestOf(anonymous, 'agent', undefined)).toBe('refuse')
  })

  test('as set, for whom it is set; for an agent never looser', () => {
    const setting = { person: 'off', agent: 'ask' } as const
    expect(reactionsOf(anonymous, 'person', setting)).toEqual([
      { level: 'off', effects: ['destroyed', 'orphaned'], configured: true },
    ])
    expect(reactionsOf(anonymous, 'script', setting)).toEqual(reactionsOf(anonymous, 'script', undefined))
    expect(reactionsOf(anonymous, 'agent', setting)).toEqual([
      { level: 'refuse', effects: ['destroyed'], configured: false },
      { level: 'ask', effects: ['orphaned'], configured: true },
    ])
    expect(strictestOf(anonymous, 'person', setting)).toBe('off')
  })

  test('every rule leads to something that has a reaction, each effect once', () => {
    for (const { id, leadsTo } of rules) {
      expect(leadsTo.length, id).toBeGreaterThan(0)
      expect(new Set(leadsTo).size, id).toBe(leadsTo.length)
      for (const effect of leadsTo) expect(reactions[effect], id).toBeDefined()
    }
  })
})

describe('settings on top of each other', () => {
  test('audience by audience; a single level is for everybody', () => {
    expect(onTop('refuse', { person: 'ask' })).toBe('refuse')
    expect(onTop({ person: 'ask' }, 'refuse')).toEqual({ person: 'ask', script: 'refuse', agent: 'refuse' })
    expect(onTop({ person: 'ask' }, { person: 'off', agent: 'refuse' })).toEqual({
      person: 'ask',
      agent: 'refuse',
    })
    expect(onTop({ person: 'ask' }, undefined)).toEqual({ person: 'ask' })
    expect([
      levelFor('ask', 'agent'),
      levelFor({ person: 'ask' }, 'agent'),
      levelFor(undefined, 'person'),
    ]).toEqual(['ask', null, null])
  })
})
