import { describe, expect, test } from 'vitest'
import { spellings } from './corpus.ts'
import { measure, openJudge } from './measure.ts'

const dangerous = spellings('dangerous')
const harmless = spellings('harmless')
const isStopped = await openJudge()

describe('spellings of our own making', () => {
  test('there are enough, each once', () => {
    expect(new Set(dangerous).size).toBe(dangerous.length)
    expect(new Set(harmless).size).toBe(harmless.length)
    expect(dangerous.length).toBeGreaterThan(300)
    expect(harmless.length).toBeGreaterThan(300)
  })

  test.each(dangerous)('stopped: %s', async line => {
    expect(await isStopped(line)).toBe(true)
  })

  test.each(harmless)('let through: %s', async line => {
    expect(await isStopped(line)).toBe(false)
  })
})

test('the others are measured by the same lines, and find what they are made for', async () => {
  const [ours, ...others] = await measure()
  expect({ missed: ours?.missed, stopped: ours?.stopped }).toEqual({ missed: [], stopped: [] })
  expect(others.length).toBe(3)
  for (const { missed, stopped } of others) {
    expect(missed).not.toContain('docker volume rm shop_pgdata')
    expect(missed.length).toBeGreaterThan(0)
    expect(missed.length).toBeLessThan(dangerous.length)
    expect(stopped.length).toBeLessThan(harmless.length / 2)
  }
})
