import { describe, expect, test } from 'vitest'
import { repair } from '../../src/commands/repair.ts'
import type { RepairShown } from '../../src/core/recovery/repair.ts'
import type { Context } from '../../src/commands/context.ts'
import type { Repair } from '../../src/model/ports.ts'
import { aContainer, aProject, aService, aVolume, someContents, typed } from '../fakes/facts.ts'
import { aWorld, states } from '../fakes/world.ts'
import type { World } from '../fakes/world.ts'

const path = '/var/lib/postgresql/data'
const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '1' } as const
const facts = aProject({
  services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${path}`] })],
  containers: [aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${path}`] })],
  volumes: [aVolume('shop_pgdata')],
})

/**
 * A running database, and what its check finds each time that it is asked: as it runs, on the copy before and after the
 * repair, on the volume before and after it.
 */
function aSickWorld(
  checks: readonly (readonly string[])[],
  by: Repair['by'] = 'server',
): { readonly world: World; readonly context: Context } {
  const world = aWorld({ facts, contents: { shop_pgdata: someContents({ database }) } })
  const left = [...checks]
  const databases: Context['databases'] = {
    server: (kind, inside) => ({
      ...world.context.databases.server(kind, inside),
      check: async () => left.shift() ?? [],
      repair: {
        by,
        run: async () => {
          world.log.push('repair')
          return { done: ['its indexes made anew'], lost: [], left: [] }
        },
      },
    }),
  }
  return { world, context: { ...world.context, databases } }
}

const broken = ['an index is broken']

async function repaired(
  context: Context,
  apply: boolean,
): Promise<{ readonly code: number; readonly shown: readonly RepairShown[] }> {
  const shown: RepairShown[] = []
  const repairs = repair(
    context,
    typed('ps'),
    { service: 'db', apply, json: false },
    {
      repaired: step => {
        shown.push(step)
        return ''
      },
    },
  )
  return { code: await repairs, shown }
}

/** What is done on a copy, from the first freeze to the end of the trial. */
const trial = [
  'pause db',
  'copy shop_pgdata',
  'unpause db',
  'publish',
  'scratch sha256:db',
  'extract shop_pgdata',
  'start scratch',
  'repair',
  'remove scratch',
  'verified not well',
]

function deeds({ log }: World): readonly string[] {
  return log.filter(step => !/^(prepare|lock|unlock|count|journal|begin|guard|arm|disarm)/.test(step))
}

describe('a repair', () => {
  test('is tried on a copy, for which the database is only frozen; what was saved is known to be damaged', async () => {
    const { world, context } = aSickWorld([broken, broken, []])
    const { code, shown } = await repaired(context, false)
    expect(code).toBe(0)
    expect(shown.map(({ next }) => next.kind)).toEqual(['apply'])
    expect(deeds(world)).toEqual(trial)
    expect(states(world)).toEqual(['db running'])
    expect(world.points.map(({ manifest }) => manifest.reason)).toEqual(['safety'])
  })

  test('of what is well does nothing', async () => {
    const { world, context } = aSickWorld([[]])
    const { code, shown } = await repaired(context, true)
    expect([code, shown[0]?.outcome]).toEqual([0, null])
    expect(deeds(world)).toEqual([])
  })

  test('goes on to the volume when the copy is well: stopped, saved, repaired by a server of its own, started', async () => {
    const { world, context } = aSickWorld([broken, broken, [], broken, []])
    const { code, shown } = await repaired(context, true)
    expect(code).toBe(0)
    expect(shown.map(({ next }) => next.kind)).toEqual(['none', 'done'])
    expect(deeds(world)).toEqual([
      ...trial,
      'call stop db',
      'copy shop_pgdata',
      'publish',
      'scratch sha256:db on shop_pgdata',
      'start scratch',
      'repair',
      'stop scratch',
      'remove scratch',
      'start db',
      'verified not well',
    ])
    expect(world.entries.map(({ status }) => status)).toEqual(['done'])
  })

  test('that does not help on the copy ends there', async () => {
    const { world, context } = aSickWorld([broken, broken, broken])
    const { code, shown } = await repaired(context, true)
    expect(code).toBe(1)
    expect(shown.map(({ next }) => next)).toEqual([{ kind: 'ways', ways: [] }])
    expect(deeds(world)).toEqual(trial)
  })

  test('that comes out worse on the volume than on the copy is taken back before anything runs again', async () => {
    const { world, context } = aSickWorld([broken, broken, [], broken, broken])
    await expect(repaired(context, true)).rejects.toMatchObject({
      failure: {
        what: 'shop_pgdata could not be repaired: other than on the copy, it is not well afterwards: an index is broken',
        how: 'what stood there before was put back; nothing was lost',
      },
    })
    expect(deeds(world).slice(-5)).toEqual([
      'stop scratch',
      'remove scratch',
      'empty shop_pgdata',
      'extract shop_pgdata',
      'start db',
    ])
    expect(world.entries.map(({ status }) => status)).toEqual(['rolled-back'])
  })

  test('of files is never done under a server that runs', async () => {
    const { world, context } = aSickWorld([], 'files')
    await expect(repaired(context, true)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    expect(deeds(world)).toEqual([])
  })
})
