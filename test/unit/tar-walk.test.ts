import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walkTar } from '../../src/adapters/stores/tar-walk.ts'
import type { TarEntry } from '../../src/adapters/stores/tar-walk.ts'
import type { TarCounts } from '../../src/model/restore-point.ts'

const longName = 'n'.repeat(255)
const deep = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(248)).join('/')
const fiveGigabytes = 5 * 1024 ** 3

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-tar-'))
  const at = (name: string): string => join(folder, 'tree', name)
  mkdirSync(at('base/1'), { recursive: true })
  writeFileSync(at('base/1/table'), 'x'.repeat(1000))
  writeFileSync(at('empty'), '')
  writeFileSync(at('with space\nand newline \u001b[31m'), 'y')
  writeFileSync(at(longName), 'z'.repeat(512))
  mkdirSync(at(deep), { recursive: true })
  writeFileSync(join(at(deep), 'end'), 'end')
  linkSync(at('base/1/table'), at('hard'))
  symlinkSync(`/${'t'.repeat(300)}`, at('soft'))
  execFileSync('mkfifo', [at('fifo')])
  writeFileSync(at('setuid'), '#!/bin/sh\n')
  chmodSync(at('setuid'), 0o4755)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('walking through a tar', () => {
  const directories = 3 + 8
  const whole = { entries: directories + 9, directories, files: 6, links: 2, others: 1 }

  test.each(['gnu', 'posix'])('counts what is in a %s one, long names and all', format => {
    const { counts, entries } = walk(tar(`--format=${format}`))
    expect(counts).toMatchObject({ ...whole, contentBytes: 1000 + 1 + 512 + 3 + 10 })
    const names = entries.map(entry => entry.name.replace(/\/$/, ''))
    expect(names).toContain(`./${longName}`)
    expect(names).toContain(`./${deep}/end`)
    expect(names).toContain('./with space\nand newline \u001b[31m')
    expect(entries.find(entry => entry.name === './soft')?.link).toBe(`/${'t'.repeat(300)}`)
    expect(entries.filter(entry => entry.type === '1').map(entry => entry.link)).toHaveLength(1)
  })

  test('agrees with tar about names, one by one', () => {
    const archive = tar('--format=posix')
    const list = execFileSync('tar', ['-tf', '-', '--quoting-style=literal'], {
      input: archive,
      maxBuffer: 1 << 26,
    })
    expect(
      walk(archive)
        .entries.map(entry => `${entry.name}\n`)
        .join(''),
    ).toBe(list.toString())
  })

  test.each(['ustar', 'v7'])('reads a %s one', format => {
    const archive = execFileSync('tar', [
      `--format=${format}`,
      '-C',
      join(folder, 'tree'),
      '-cf',
      '-',
      './base',
    ])
    expect(walk(archive).counts).toMatchObject({ entries: 3, directories: 2, files: 1, contentBytes: 1000 })
  })

  test.each([
    ['gnu', '--format=gnu'],
    ['posix 0.0', '--format=posix --sparse-version=0.0'],
    ['posix 0.1', '--format=posix --sparse-version=0.1'],
    ['posix 1.0', '--format=posix --sparse-version=1.0'],
  ])('knows the full size of a sparse file: %s', (_, options) => {
    const sparse = join(folder, 'sparse')
    mkdirSync(sparse, { recursive: true })
    writeFileSync(join(sparse, 'holes'), '')
    // Many pieces, so that the map is longer than a header.
    for (let piece = 0; piece < 60; piece++) {
      writeFileSync(join(sparse, 'holes'), Buffer.alloc(4096, 'x'), { flag: 'a' })
      execFileSync('truncate', ['-s', '+1M', join(sparse, 'holes')])
    }
    truncateSync(join(sparse, 'holes'), fiveGigabytes)
    const archive = execFileSync('tar', [...options.split(' '), '--sparse', '-C', sparse, '-cf', '-', '.'], {
      maxBuffer: 1 << 26,
    })
    expect(archive.length).toBeLessThan(1 << 20)
    const { counts, entries } = walk(archive)
    expect(counts).toMatchObject({ entries: 2, files: 1, contentBytes: fiveGigabytes })
    expect(entries.map(entry => entry.name)).toEqual(['./', './holes'])
  })

  test('takes chunks of any size', () => {
    const archive = tar('--format=posix')
    const expected = walk(archive).counts
    for (const size of [1, 7, 511, 512, 513, 10_240]) expect(walk(archive, size).counts).toEqual(expected)
    expect(expected.bytes).toBe(archive.length)
  })

  test('a size beyond eight gigabytes is a number of its own kind', () => {
    const header = Buffer.alloc(512)
    header.write('huge')
    header[124] = 0x80
    header.writeBigUInt64BE(9n * 1024n ** 3n, 128)
    header.write('0', 156)
    sign(header)
    let size = 0
    const walker = walkTar(entry => (size = entry.size))
    walker.take(header)
    expect(size).toBe(9 * 1024 ** 3)
    expect(() => walker.end()).toThrow('cut off')
  })

  test('one that is cut off is refused, wherever it was cut', () => {
    const archive = tar('--format=posix')
    const end = lastContent(archive)
    for (let at = 0; at < end + 512; at += 256)
      expect(() => walk(archive.subarray(0, at)), `cut at ${at} of ${archive.length}`).toThrow()
    expect(walk(archive.subarray(0, end + 1024)).counts.entries).toBe(whole.entries)
  })

  test('an altered header is refused', () => {
    const archive = tar('--format=gnu')
    for (const at of [0, 100, 130, 150, 156, 300]) {
      const altered = Buffer.from(archive)
      altered.writeUInt8(altered.readUInt8(at) ^ 2, at)
      expect(() => walk(altered), `altered at ${at}`).toThrow('damaged')
    }
  })

  test('nothing may follow the end but zeros', () => {
    const archive = tar('--format=gnu')
    expect(walk(Buffer.concat([archive, Buffer.alloc(65_536)])).counts.entries).toBe(whole.entries)
    expect(() => walk(Buffer.concat([archive, Buffer.alloc(512, 'x')]))).toThrow('after its end')
  })

  test('a lone block of zeros in the middle is no end', () => {
    const archive = tar('--format=gnu')
    const lone = Buffer.concat([archive.subarray(0, 512), Buffer.alloc(512), archive.subarray(512)])
    expect(() => walk(lone)).toThrow('in the middle')
  })
})

function tar(...options: readonly string[]): Buffer {
  const args = [...options, '--sort=name', '-C', join(folder, 'tree'), '-cf', '-', '.']
  return execFileSync('tar', args, { maxBuffer: 1 << 26 })
}

function walk(archive: Buffer, size = 65_536): { counts: TarCounts; entries: readonly TarEntry[] } {
  const entries: TarEntry[] = []
  const walker = walkTar(entry => entries.push(entry))
  for (let at = 0; at < archive.length; at += size) walker.take(archive.subarray(at, at + size))
  return { counts: walker.end(), entries }
}

/** Where the blocks of zeros at the end begin. */
function lastContent(archive: Buffer): number {
  let at = archive.length
  while (archive.subarray(at - 512, at).every(byte => byte === 0)) at -= 512
  return at
}

function sign(header: Buffer): void {
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}
