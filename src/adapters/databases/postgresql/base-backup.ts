import { Transform } from 'node:stream'
import type { Level } from '../levels.ts'

const blockSize = 512

/**
 * Makes of the tar that `pg_basebackup` writes the tar of the volume that its data directory lies in: the directories
 * above it come first, every path begins with the last of them, and everything belongs to whom that belongs to
 * (`pg_basebackup` gives its own notes to nobody's ids). That of PostgreSQL 13 forgets to fill up the last block of its last
 * file, so that its end is short of as much.
 *
 * @param levels the root of the volume first, the data directory last
 */
export function asVolumeTar(levels: readonly Level[]): Transform {
  const data = levels.at(-1)
  if (data === undefined) throw new Error('Internal error: a data directory without a volume')
  let begun = false
  let ended = false
  let header: Buffer = Buffer.alloc(0)
  /** Bytes of the present entry's content, with its padding. */
  let content = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        if (!begun) {
          begun = true
          for (const level of levels) this.push(directoryHeader(level))
        }
        for (let at = 0; at < chunk.length;) {
          if (content > 0) {
            const piece = chunk.subarray(at, at + content)
            content -= piece.length
            at += piece.length
            this.push(piece)
            continue
          }
          const piece = chunk.subarray(at, at + blockSize - header.length)
          header = Buffer.concat([header, piece])
          at += piece.length
          if (header.length < blockSize) break
          content = Math.ceil(sizeIn(header) / blockSize) * blockSize
          ended = isEnd(header)
          this.push(ended ? header : moved(header, data))
          header = Buffer.alloc(0)
        }
        done()
      } catch (error) {
        done(error as Error)
      }
    },
    flush(done) {
      const isShortEnd = ended && isEnd(header)
      if (content > 0 || (header.length > 0 && !isShortEnd)) done(new Error('the base backup broke off'))
      else done(null, header.length > 0 ? Buffer.alloc(blockSize) : undefined)
    },
  })
}

function isEnd(header: Buffer): boolean {
  return header.every(byte => byte === 0)
}

/** Octal digits, or, for what is larger, the bytes of the number behind a set first bit. */
function sizeIn(header: Buffer): number {
  const field = header.subarray(124, 136)
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(4))
  return Number.parseInt(field.toString('latin1').replace(/[\0 ].*$/s, '') || '0', 8)
}

/** The same entry under the data directory: tars of POSIX have a field for what stands before a name. */
function moved(header: Buffer, data: Level): Buffer {
  const entry = Buffer.from(header)
  if (entry.toString('latin1', 257, 262) !== 'ustar') throw new Error('the base backup is no tar of POSIX')
  const before = cString(entry.subarray(345, 500))
  const prefix = before === '' ? data.path : `${data.path}/${before}`
  if (Buffer.byteLength(prefix) > 155) throw new Error(`the path ${prefix} is too long for a tar`)
  entry.fill(0, 345, 500).write(prefix, 345, 'latin1')
  writeOctal(entry, data.uid, 108)
  writeOctal(entry, data.gid, 116)
  return withCheckSum(entry)
}

function directoryHeader({ path, uid, gid, mode, mtime }: Level): Buffer {
  const entry = Buffer.alloc(blockSize)
  entry.write(`${path}/`, 0, 100, 'latin1')
  writeOctal(entry, mode, 100)
  writeOctal(entry, uid, 108)
  writeOctal(entry, gid, 116)
  entry.write('00000000000\0', 124, 'latin1')
  entry.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136, 'latin1')
  entry.write('5', 156, 'latin1')
  entry.write('ustar\u000000', 257, 'latin1')
  return withCheckSum(entry)
}

function writeOctal(entry: Buffer, value: number, at: number): void {
  entry.write(`${value.toString(8).padStart(7, '0')}\0`, at, 'latin1')
}

function withCheckSum(entry: Buffer): Buffer {
  entry.write('        ', 148, 'latin1')
  const sum = entry.reduce((total, byte) => total + byte, 0)
  entry.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return entry
}

function cString(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? field.length : end)
}
