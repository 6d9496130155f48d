import { Stop } from '../../model/failure.ts'
import type { StoredFile } from '../../model/restore-point.ts'

/** Throws `archive-damaged` unless what was read is what was recorded. */
export function refuseDifference(
  path: string,
  record: StoredFile,
  read: { readonly bytes: number; readonly sha256: string },
): void {
  if (read.bytes !== record.bytes)
    throw new Stop({
      reason: 'archive-damaged',
      path,
      why: `it has ${read.bytes} bytes and should have ${record.bytes}`,
    })
  if (read.sha256 !== record.sha256)
    throw new Stop({ reason: 'archive-damaged', path, why: 'its hash is not the recorded one' })
}
