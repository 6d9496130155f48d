import { expect, test } from 'vitest'
import { backup } from '../../src/commands/backup.ts'
import { verify } from '../../src/commands/verify.ts'
import type { Verification } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aWorld } from '../fakes/world.ts'

const shop = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'] })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
  volumes: [aVolume('shop_pgdata')],
})
const booted = { level: 'boot', at: '2026-11-24T00:00:00Z', milliseconds: 1, well: true, checks: [] } as const

async function readAfter(verified: Verification | null, isWhole: boolean): Promise<readonly string[]> {
  const { context, points, log } = aWorld({ facts: shop })
  const byHand = { tag: null, names: [], stillness: 'online', limit: true, dumps: false } as const
  await backup(context, typed('ps'), byHand)
  const [point] = points
  if (point === undefined) throw new Error('nothing was saved')
  points[0] = isWhole
    ? { ...point, verified }
    : { ...point, verified, state: 'damaged', damage: 'it is half' }
  const options = { ids: [point.id], all: false, level: 'read', patience: 1000, json: false } as const
  const code = await verify(context, typed('ps'), options, openTables({ width: null, home: null }))
  expect(code).toBe(isWhole ? 0 : 1)
  return log.filter(step => step.startsWith('verified'))
}

test('what came of starting it stays known when it is only read later, unless that fails', async () => {
  expect(await readAfter(null, true)).toEqual(['verified well'])
  expect(await readAfter({ ...booted, level: 'read' }, true)).toEqual(['verified well'])
  for (const well of [true, false]) expect(await readAfter({ ...booted, well }, true)).toEqual([])
  expect(await readAfter(booted, false)).toEqual(['verified not well'])
})
