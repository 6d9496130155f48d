import { describe, expect, test } from 'vitest'
import { isSeenInside, placeInside, placesWorthALook, sharesDirectories } from '../../src/core/places.ts'
import type { PlaceFact } from '../../src/model/facts.ts'
import { aContainer, aLedger, aProject } from '../fakes/facts.ts'

const root = '/var/lib/docker'
const here: PlaceFact = { state: 'filled', id: '1:1' }
const missing: PlaceFact = { state: 'missing', id: null }
const db = aContainer('db', { mounts: ['/srv/db:/var/lib/mysql'], details: { pid: 77 } })
const outside = `${root}/containers/${db.id}/hostname`
const inside = '/proc/77/root/etc/hostname'

test('what may matter: directories, mounts of both ends, what is remembered, and the proof of whose process it is', () => {
  const ledger = aLedger({ db: ['/srv/old:/var/lib/mysql', 'shop_x:/x'] })
  const other = aLedger({ db: ['/srv/foreign:/x'] }, { project: 'other', directory: '/srv/other' })
  const paths = placesWorthALook({
    directory: '/srv/shop',
    model: null,
    containers: [db],
    project: 'shop',
    ledgers: [ledger, other],
    rootDirectory: root,
  })
  expect(paths).toEqual([
    '/srv/shop',
    root,
    '/srv/other',
    '/srv/db',
    '/proc/77/root/var/lib/mysql',
    outside,
    inside,
    '/srv/old',
  ])
})

test('only a running container is seen from inside', () => {
  expect(placeInside(db, '/x')).toBe('/proc/77/root/x')
  expect(placeInside({ ...db, state: 'exited' }, '/x')).toBeNull()
})

test.each([
  [
    'the same file',
    { [outside]: { state: 'file', id: '1:5' }, [inside]: { state: 'file', id: '1:5' } },
    true,
  ],
  [
    'another file: another process of that number',
    { [outside]: here, [inside]: { state: 'file', id: '1:6' } },
    false,
  ],
  ['nothing on either side', { [outside]: missing, [inside]: missing }, false],
] as const)('the proof that a process is the container: %s', (_, places, expected) => {
  expect(isSeenInside(aProject({ containers: [db], places }), db)).toBe(expected)
})

describe('whether what is missing here is missing for the engine', () => {
  const lost = '/srv/shop/data'
  test.each([
    ["the engine's directory is here", [], { [root]: here }, true],
    ['another mounted directory is here', [db], { '/srv/db': here }, true],
    ['the project is here, and the directory lies in it', [], { '/srv/shop': here }, true],
    [
      'the project is here, but a container runs on what is not',
      [db],
      { '/srv/shop': here, '/srv/db': missing },
      false,
    ],
    ['nothing is known', [], {}, false],
  ] as const)('%s', (_, containers, places, expected) => {
    expect(sharesDirectories(aProject({ containers, places }), lost)).toBe(expected)
  })
})
