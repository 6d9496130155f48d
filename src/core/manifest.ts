import { Stop } from '../model/failure.ts'
import { manifestFormat } from '../model/restore-point.ts'
import type { HoldingRecord, Manifest } from '../model/restore-point.ts'

/** The manifest as it is stored: JSON for people and programs, a line each. */
export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/**
 * Reads a manifest's text. Throws `manifest-unreadable` for what is no manifest, was written by a newer version, or
 * keeps something in a form that this version does not know: never guesses.
 */
export function parseManifest(text: string, path: string): Manifest {
  const parsed = parseJson(text, path)
  if (!isRecord(parsed)) throw unreadable(path, 'it is not an object')
  const { format } = parsed
  if (typeof format !== 'number') throw unreadable(path, 'it names no format')
  if (format > manifestFormat)
    throw new Stop({
      reason: 'manifest-unreadable',
      path,
      why: `it has format ${format}, and this version reads up to ${manifestFormat}`,
      how: 'use the safe-compose that wrote it, or a newer one',
    })
  const missing = texts.filter(key => typeof parsed[key] !== 'string')
  if (missing.length > 0) throw unreadable(path, `it has no ${missing.join(', ')}`)
  if (!Array.isArray(parsed['holdings']) || !Array.isArray(parsed['state']))
    throw unreadable(path, 'it lists no holdings')
  for (const record of parsed['holdings'] as unknown[]) checkHolding(record, path)
  return parsed as unknown as Manifest
}

const texts = ['id', 'startedAt', 'finishedAt', 'reason'] as const

function checkHolding(record: unknown, path: string): asserts record is HoldingRecord {
  const kept = isRecord(record) ? record['kept'] : null
  if (!isRecord(record) || !isRecord(record['holding']) || !isRecord(kept))
    throw unreadable(path, 'one of its holdings is not whole')
  if (kept['form'] !== 'archive')
    throw new Stop({
      reason: 'manifest-unreadable',
      path,
      why: `it keeps a holding in the form ${JSON.stringify(kept['form'])}, which this version does not know`,
      how: 'use the safe-compose that wrote it, or a newer one',
    })
  const { compression, path: file, sha256, bytes } = kept
  if (
    (compression !== 'zstd' && compression !== 'gzip') ||
    typeof sha256 !== 'string' ||
    typeof bytes !== 'number'
  )
    throw unreadable(path, 'one of its archives is not described whole')
  if (typeof file !== 'string' || file.startsWith('/') || file.split('/').includes('..'))
    throw unreadable(path, 'one of its archives lies outside of the restore point')
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable(path, 'it is not whole JSON')
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable(path: string, why: string): Stop {
  return new Stop({
    reason: 'manifest-unreadable',
    path,
    why,
    how: 'the archives beside it can be restored by hand: see README.md in the store',
  })
}
