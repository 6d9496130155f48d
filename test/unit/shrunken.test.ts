import { describe, expect, test } from 'vitest'
import { suspiciouslySmaller } from '../../src/core/shrunken.ts'
import type { HoldingRecord, Manifest, RestorePoint } from '../../src/model/restore-point.ts'
import { aRecord, aRestorePoint, aVolume } from '../fakes/question.ts'

const mega = 1_000_000

describe('a volume that is less than half of what it was', () => {
  test('is suspicious', () => {
    expect(suspiciouslySmaller(history(49, 100, 100, 100))).toBe(
      'shop_pgdata has only 49 MB in 0, and 100 MB before',
    )
  })

  test('the one beside it that grew does not hide it', () => {
    const [small, ...rest] = history(49, 100, 100, 100)
    const uploads = record('shop_uploads', 9000)
    const { manifest } = small!
    const both = { ...small!, manifest: { ...manifest, holdings: [uploads, ...manifest.holdings] } }
    expect(suspiciouslySmaller([both, ...rest])).toContain('shop_pgdata')
  })

  test.each([
    ['half', history(50, 100, 100, 100)],
    ['too few to compare with', history(1, 100, 100)],
    ['nothing to compare with', history(1)],
    ['none', []],
    ['only one of many was larger', history(10, 100, 10, 10, 10)],
    ['so small for half of the last ten', history(10, 10, 10, 10, 10, 10, 100, 100, 100, 100, 100, 100)],
    ['always tiny', history(0.001, 0.09, 0.09, 0.09)],
    ['an older one', history(100, 1, 100, 100, 100)],
    ['what stood before a restore', [point(1, 1, { reason: 'safety' }), ...history(100, 100, 100, 100)]],
    [
      'copied by its server, which leaves out what its files hold for a while',
      [point(40, 1, { source: 'server' }), ...history(100, 100, 100, 100)],
    ],
  ])('%s is not', (_, points) => {
    expect(suspiciouslySmaller(points)).toBeNull()
  })
})

function history(...sizes: readonly number[]): readonly RestorePoint[] {
  return sizes.map((size, index) => point(size, index))
}

function point(
  size: number,
  id: number,
  {
    reason = 'schedule',
    source = 'api',
  }: { reason?: Manifest['reason']; source?: HoldingRecord['source'] } = {},
): RestorePoint {
  return aRestorePoint({ id: String(id), reason, holdings: [{ ...record('shop_pgdata', size), source }] })
}

/** Megabytes. */
function record(name: string, size: number): HoldingRecord {
  const bare = aRecord(aVolume(name))
  const { kept } = bare
  return { ...bare, kept: { ...kept, tar: { ...kept.tar, contentBytes: size * mega } } }
}
