import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Stop } from '../../model/failure.ts'
import type { DumpRecord } from '../../model/restore-point.ts'
import { damaged, openArchive } from './read-archive.ts'
import type { OpenArchive, ReadOptions } from './read-archive.ts'

/**
 * A dump as its maker wrote it. `done` settles after the stream was read to its end; it rejects with `archive-damaged`
 * unless the file is the recorded one and as much came out of it as went in.
 *
 * @param zstd path of the program, null where there is none
 */
export async function openDump(
  path: string,
  record: DumpRecord,
  zstd: string | null,
  options: ReadOptions,
): Promise<{ readonly stream: Readable; readonly done: Promise<void> }> {
  return provenDump(path, record, await openArchive(path, record.compression, zstd, options))
}

/** A dump that is open, as `openDump` gives it. `path` is its name for people. */
export function provenDump(
  path: string,
  record: DumpRecord,
  { tar, done }: OpenArchive,
): { readonly stream: Readable; readonly done: Promise<void> } {
  let plain = 0
  const counted = new Transform({
    transform(chunk: Uint8Array, _, next) {
      plain += chunk.length
      next(null, chunk)
    },
  })
  // What goes wrong in it is told by the stream itself as well.
  const passing = pipeline(tar, counted)
  passing.catch(() => {})
  // A slow reader holds up the last of it, when the file has long been read.
  const whole = Promise.all([done, passing]).then(
    ([read]) => {
      if (read.bytes !== record.bytes || read.sha256 !== record.sha256 || plain !== record.plainBytes)
        throw new Stop({ reason: 'archive-damaged', path, why: 'it is not what was written' })
    },
    (error: unknown) => {
      throw damaged(path, error)
    },
  )
  whole.catch(() => {})
  return { stream: counted, done: whole }
}
