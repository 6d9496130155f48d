import { describe, expect, test } from 'vitest'
import { encodeManifest, isInside, parseManifest, salvageManifest } from '../../src/core/manifest.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Manifest } from '../../src/model/restore-point.ts'

const time = '2025-10-07T20:15:00.000Z'

const manifest: Manifest = {
  format: 1,
  id: '20251007T201500Z-preflight-down',
  sequence: 7,
  startedAt: time,
  finishedAt: time,
  reason: 'preflight',
  tag: null,
  command: ['compose', 'down', '-v'],
  tool: { name: 'safe-compose', version: '0.1.0' },
  compose: { version: '2.40.3', form: 'plugin' },
  engine: { id: 'AAAA:BBBB', version: '28.5.2', host: 'unix:///var/run/docker.sock' },
  project: { name: 'shop', directory: '/srv/shop', files: ['/srv/shop/compose.yaml'] },
  holdings: [
    {
      holding: { kind: 'volume', name: 'shop_pg\u001bdata\n', createdAt: time },
      volume: { driver: 'local', options: {}, labels: { 'com.docker.compose.project': 'shop' } },
      kept: {
        form: 'archive',
        compression: 'zstd',
        path: 'volumes/shop_pgdata.tar.zst',
        bytes: 92_914_276,
        sha256: 'a'.repeat(64),
        tar: {
          bytes: 10_240,
          entries: 3,
          files: 1,
          directories: 2,
          links: 0,
          others: 0,
          contentBytes: 4,
        },
      },
      consistency: 'cold',
      source: 'mountpoint',
      database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '723' },
      usedBy: ['db'],
      lastWrite: time,
      notes: [],
    },
  ],
  state: [{ path: 'state/compose/1-compose.yaml', bytes: 12, sha256: 'b'.repeat(64) }],
  notes: [],
}

describe('a manifest', () => {
  test('comes back as it was written, odd names included', () => {
    expect(parseManifest(encodeManifest(manifest), '/x/manifest.json')).toEqual(manifest)
  })

  test('may say more than this version knows', () => {
    const richer = { ...manifest, weather: 'fine' }
    expect(parseManifest(JSON.stringify(richer), '/x')).toEqual(richer)
  })

  test('may tell more of a database, and older ones tell less', () => {
    const [record] = manifest.holdings
    const withDatabase = (database: object): Manifest =>
      ({ ...manifest, holdings: [{ ...record, database }] }) as Manifest
    const told = withDatabase({
      kind: 'redis',
      label: 'Redis 7.0',
      path: '',
      identity: null,
      others: [{ label: 'Redis', path: 'data' }],
      persistence: { snapshot: true, log: false },
    })
    expect(parseManifest(encodeManifest(told), '/x')).toEqual(told)
    const older = withDatabase({ kind: 'redis', label: 'Redis', path: '' })
    expect(parseManifest(encodeManifest(older), '/x')).toEqual(older)
  })

  test('from the future is refused with what to do', () => {
    expect(refusal({ ...manifest, format: 2, holdings: 'who knows' })).toEqual({
      reason: 'manifest-unreadable',
      path: '/x',
      why: 'it has format 2, and this version reads up to 1',
      how: 'use the safe-compose that wrote it, or a newer one',
    })
  })

  test('that keeps a holding in an unknown form is refused by the name of the form', () => {
    expect(refusal(changed(['holdings', 0, 'kept'], { form: 'link-tree', path: 'trees/a' }))).toMatchObject({
      why: 'it keeps a holding in the form "link-tree", which this version does not know',
      how: 'use the safe-compose that wrote it, or a newer one',
    })
  })

  test('that is encrypted in an unknown form is refused by the name of the form', () => {
    expect(refusal({ ...manifest, encryption: { form: 'rot13' } as never })).toMatchObject({
      why: 'it is encrypted in the form "rot13", which this version does not know',
      how: 'use the safe-compose that wrote it, or a newer one',
    })
    const encrypted: Manifest = { ...manifest, encryption: { form: 'age', recipients: ['age1…'] } }
    expect(parseManifest(encodeManifest(encrypted), '/x')).toEqual(encrypted)
  })

  test.each([
    ['half of the text', '{"format": 1, "id"', 'it is not whole JSON'],
    ['nothing', '', 'it is not whole JSON'],
    ['a list', '[]', 'it is not an object'],
    ['no format', '{}', 'it names no format'],
  ])('%s is no manifest', (_, text, why) => {
    expect(refusalOf(text)).toMatchObject({ reason: 'manifest-unreadable', why })
  })

  test.each([
    [['sequence'], -1, 'sequence is not a number'],
    [['startedAt'], 'soon', 'startedAt is not a time'],
    [['reason'], 'whim', 'reason is none of preflight, manual, safety, schedule'],
    [['engine'], null, 'engine is not an object'],
    [['project', 'name'], 7, 'project.name is not a text'],
    [['holdings'], null, 'holdings is not a list'],
    [['holdings', 0, 'kept', 'bytes'], '12', 'holdings[0].kept.bytes is not a number'],
    [['holdings', 0, 'kept', 'compression'], 'lzma', 'holdings[0].kept.compression is none of zstd, gzip'],
    [['holdings', 0, 'kept', 'tar', 'entries'], 1.5, 'holdings[0].kept.tar.entries is not a number'],
    [['holdings', 0, 'volume', 'labels', 'a'], 1, 'holdings[0].volume.labels.a is not a text'],
    [['holdings', 0, 'usedBy', 0], null, 'holdings[0].usedBy[0] is not a text'],
    [['state', 0, 'sha256'], undefined, 'state[0].sha256 is not a text'],
    [
      ['holdings', 0, 'kept', 'path'],
      '../../etc/passwd',
      '"../../etc/passwd" lies outside of the restore point',
    ],
    [['state', 0, 'path'], '/etc/passwd', '"/etc/passwd" lies outside of the restore point'],
  ] as const)('with %j %j is refused: %s', (place, value, why) => {
    expect(refusal(changed(place, value))).toMatchObject({ reason: 'manifest-unreadable', why })
  })

  test.each([
    ['volumes/a.tar.zst', true],
    ['a', true],
    ['..', false],
    ['a/../b', false],
    ['/a', false],
    ['a//b', false],
    ['./a', false],
    ['', false],
    ['a\0b', false],
  ])('the path %j is inside: %s', (path, inside) => {
    expect(isInside(path)).toBe(inside)
  })

  test('that cannot be read is still told of, mostly from its id', () => {
    const where = { engine: 'e', project: 'shop' }
    expect(salvageManifest('{', '20251007T201500Z-preflight-down', where)).toMatchObject({
      format: 0,
      sequence: 0,
      startedAt: time,
      reason: 'preflight',
      project: { name: 'shop' },
      holdings: [],
    })
    const future = JSON.stringify({ ...manifest, format: 3, startedAt: '2026-01-01T00:00:00Z' })
    expect(salvageManifest(future, 'odd', where)).toMatchObject({
      format: 3,
      sequence: 7,
      startedAt: '2026-01-01T00:00:00Z',
      reason: 'manual',
    })
  })
})

function refusal(value: unknown): Stop['failure'] {
  return refusalOf(JSON.stringify(value))
}

function refusalOf(text: string): Stop['failure'] {
  try {
    parseManifest(text, '/x')
  } catch (error) {
    if (error instanceof Stop) return error.failure
    throw error
  }
  throw new Error('it was taken')
}

/** The manifest with one place changed. */
function changed(place: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(manifest) as unknown
  let at = copy as Record<string | number, unknown>
  for (const key of place.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  at[place.at(-1) ?? ''] = value
  return copy
}
