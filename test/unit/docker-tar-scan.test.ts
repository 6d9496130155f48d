import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeHeader } from '../../src/core/tar-header.ts'
import { scanTar } from '../../src/adapters/docker/tar-scan.ts'
import type { TarEntry } from '../../src/adapters/docker/tar-scan.ts'
import { emptyTar, filesTar } from '../../src/adapters/docker/tar-write.ts'

function scan(tar: Buffer, pieces: number, headBytes = 0): { entries: TarEntry[]; ended: boolean } {
  const entries: TarEntry[] = []
  const scanner = scanTar(headBytes, entry => entries.push(entry))
  for (let at = 0; at < tar.length; at += pieces) scanner.push(tar.subarray(at, at + pieces))
  return { entries, ended: scanner.ended() }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tar-scan-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

const formats = [['--format=gnu'], ['--format=posix'], ['--format=posix', '--sparse'], ['--format=ustar']]

test.each(
  formats.flatMap(format => [7, 512, 100_000].map(pieces => [format.join(' '), format, pieces] as const)),
)('GNU tar, %s, in pieces of %i bytes', (_, format, pieces) => {
  const root = folder()
  const long = 'n'.repeat(90)
  mkdirSync(join(root, long))
  writeFileSync(join(root, long, long), 'long')
  writeFileSync(join(root, 'sqlite'), 'SQLite format 3\0 and more')
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'line\nbreak'), 'x')
  writeFileSync(join(root, 'holes'), 'x')
  truncateSync(join(root, 'holes'), 1_000_000)
  symlinkSync('sqlite', join(root, 'symlink'))
  linkSync(join(root, 'sqlite'), join(root, 'zlink'))
  utimesSync(join(root, 'sqlite'), 1_500_000_000, 1_500_000_000)
  const tar = execFileSync('tar', [...format, '--sort=name', '-C', root, '-cf', '-', '.'])
  const { entries, ended } = scan(tar, pieces, 16)
  expect(ended).toBe(true)
  const byPath = new Map(entries.map(entry => [entry.path, entry]))
  expect([...byPath.keys()]).toEqual([
    './',
    './empty',
    './holes',
    './line\nbreak',
    `./${long}/`,
    `./${long}/${long}`,
    './sqlite',
    './symlink',
    './zlink',
  ])
  expect(byPath.get('./')?.type).toBe('directory')
  expect(byPath.get('./symlink')?.type).toBe('symlink')
  expect(byPath.get('./zlink')?.type).toBe('link')
  expect(byPath.get('./holes')?.size).toBe(1_000_000)
  expect(byPath.get('./sqlite')).toMatchObject({ type: 'file', size: 25, mtime: 1_500_000_000 })
  expect(byPath.get('./sqlite')?.head.toString('latin1')).toBe('SQLite format 3\0')
  expect(byPath.get(`./${long}/${long}`)?.head.toString()).toBe('long')
})

test('a tar cut short has not ended', () => {
  const tar = filesTar({ one: 'text' })
  expect(scan(tar, 512).ended).toBe(true)
  expect(scan(tar.subarray(0, tar.length - 512), 512).ended).toBe(false)
})

test('bytes that are no tar are refused', () => {
  expect(() => scan(Buffer.alloc(1024, 'x'), 1024)).toThrow('damaged header')
})

test('what is written can be read, by us and by tar', () => {
  const header = { path: 'volume', flag: '5', size: 0, mode: 0o1750, uid: 3_000_000, gid: 998, mtime: -5 }
  const tar = Buffer.concat([writeHeader(header), emptyTar])
  expect(scan(tar, 512).entries[0]).toMatchObject({
    path: 'volume',
    type: 'directory',
    mode: 0o1750,
    uid: 3_000_000,
    gid: 998,
    mtime: -5,
  })
  const listed = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: tar, encoding: 'utf8' })
  expect(listed).toMatch(/^drwxr-x--T 3000000\/998 /)
  expect(
    execFileSync('tar', ['-xOf', '-', 'nonce'], { input: filesTar({ nonce: 'abc' }), encoding: 'utf8' }),
  ).toBe('abc')
  expect(scan(emptyTar, 512)).toEqual({ entries: [], ended: true })
})
