import { execFileSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { plainTar, tarWithout } from '../../src/adapters/docker/plain-tar.ts'
import { scanTar } from '../../src/adapters/docker/tar-scan.ts'
import type { TarEntry } from '../../src/adapters/docker/tar-scan.ts'

function folders(): { from: string; to: string } {
  const root = mkdtempSync(join(tmpdir(), 'plain-tar-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  mkdirSync(from)
  mkdirSync(to)
  return { from, to }
}

function withHoles(path: string, parts: readonly (readonly [number, string])[], size: number): void {
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  for (const [offset, text] of parts) writeSync(file, text, offset)
  closeSync(file)
}

async function plain(
  bytes: Buffer,
  pieces: number,
): Promise<{ tar: Buffer; late: TarEntry[]; lateTar: Buffer }> {
  const chunks: Buffer[] = []
  const input = Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, index) =>
    bytes.subarray(index * pieces, (index + 1) * pieces),
  )
  const { tar, late } = plainTar(Readable.from(input), 'some/place')
  for await (const chunk of tar) chunks.push(chunk)
  const entries: TarEntry[] = []
  scanTar(0, entry => entries.push(entry)).push(late.tar())
  return { tar: Buffer.concat(chunks), late: entries, lateTar: late.tar() }
}

test.each([100, 512, 65_536])(
  'holes are filled, everything else is as it was, in pieces of %i bytes',
  async pieces => {
    const { from, to } = folders()
    writeFileSync(join(from, 'before'), 'plain')
    withHoles(
      join(from, 'holes'),
      [
        [0, 'begin'],
        [700_000, 'middle'],
        [999_990, 'end'],
      ],
      1_000_001,
    )
    withHoles(join(from, 'only-a-hole'), [], 300_000)
    withHoles(join(from, 'n'.repeat(200)), [[40_000, 'x']], 100_000)
    withHoles(
      join(from, 'many'),
      Array.from({ length: 300 }, (_, index) => [index * 16_384, 'x'] as const),
      300 * 16_384,
    )
    writeFileSync(join(from, 'zafter'), 'z'.repeat(1000))
    const sparse = execFileSync(
      'tar',
      ['--format=posix', '--sparse', '--sort=name', '-C', from, '-cf', '-', '.'],
      { maxBuffer: 1 << 26 },
    )
    expect(sparse.toString('latin1')).toContain('GNU.sparse.major=1')
    const { tar, late } = await plain(sparse, pieces)
    expect(tar.toString('latin1')).not.toContain('GNU.sparse')
    expect(late.map(({ path, type }) => [path, type])).toEqual([['some/place/', 'directory']])
    execFileSync('tar', ['-C', to, '-xf', '-'], { input: tar })
    execFileSync('diff', ['-r', from, to])
    expect(readFileSync(join(to, 'holes')).length).toBe(1_000_001)
  },
)

test.each(['posix', 'gnu'])(
  'links that lead out of the root come later, with their directory: %s',
  async format => {
    const { from, to } = folders()
    mkdirSync(join(from, 'dir/below'), { recursive: true })
    symlinkSync('../../../out', join(from, 'dir/below/out'))
    symlinkSync(`../../../${'o'.repeat(150)}`, join(from, 'dir/below/far'))
    symlinkSync('../other', join(from, 'dir/below/inside'))
    symlinkSync('/absolute', join(from, 'absolute'))
    symlinkSync('..', join(from, 'up'))
    utimesSync(join(from, 'dir/below'), 1_234_567_890, 1_234_567_890)
    const bytes = execFileSync('tar', [`--format=${format}`, '--sort=name', '-C', from, '-cf', '-', '.'])
    const { tar, late, lateTar } = await plain(bytes, 1000)
    expect(late.map(({ path }) => path)).toEqual([
      'some/place/',
      'some/place/dir/below/far',
      'some/place/dir/below',
      'some/place/dir/below/out',
      'some/place/up',
    ])
    mkdirSync(join(to, 'some/place'), { recursive: true })
    execFileSync('tar', ['-C', join(to, 'some/place'), '-xf', '-'], { input: tar })
    expect(readdirSync(join(to, 'some/place/dir/below'))).toEqual(['inside'])
    execFileSync('tar', ['-C', to, '-xf', '-'], { input: lateTar })
    const listed = (folder: string): string =>
      execFileSync('find', ['.', '-printf', '%p %y %l %Ts\\n'.replace('%Ts', '%TY')], {
        cwd: folder,
        encoding: 'utf8',
      })
    expect(listed(join(to, 'some/place')).split('\n').sort()).toEqual(listed(from).split('\n').sort())
  },
)

test('a tar without holes comes out byte for byte', async () => {
  const { from } = folders()
  writeFileSync(join(from, 'a'), 'a'.repeat(5000))
  writeFileSync(join(from, 'b'.repeat(150)), '')
  for (const format of ['posix', 'gnu']) {
    const tar = execFileSync('tar', [`--format=${format}`, '-C', from, '-cf', '-', '.'], {
      maxBuffer: 1 << 26,
    })
    expect((await plain(tar, 777)).tar.equals(tar)).toBe(true)
  }
})

test('a tar that breaks off is refused', async () => {
  const { from } = folders()
  writeFileSync(join(from, 'a'), 'a'.repeat(5000))
  const tar = execFileSync('tar', ['-C', from, '-cf', '-', '.'], { maxBuffer: 1 << 26 })
  await expect(plain(tar.subarray(0, 3000), 512)).rejects.toThrow('breaks off')
})

test('entries that are left out take nothing else along', async () => {
  const { from, to } = folders()
  mkdirSync(join(from, 'mounted/deep'), { recursive: true })
  writeFileSync(join(from, 'mounted/deep/file'), Buffer.alloc(3000, 'm'))
  writeFileSync(join(from, `mounted-not${'n'.repeat(200)}`), 'stays')
  writeFileSync(join(from, 'zebra'), Buffer.alloc(3000, 'z'))
  const tar = execFileSync('tar', ['--format=posix', '--sort=name', '-C', from, '-cf', '-', '.'])
  const chunks: Buffer[] = []
  const isMounted = (path: string): boolean => path === 'mounted' || path.startsWith('mounted/')
  for await (const chunk of tarWithout(Readable.from([tar]), isMounted)) chunks.push(chunk)
  execFileSync('tar', ['-C', to, '-xf', '-'], { input: Buffer.concat(chunks) })
  expect(readdirSync(to).toSorted()).toEqual([`mounted-not${'n'.repeat(200)}`, 'zebra'])
  expect(readFileSync(join(to, 'zebra'))).toEqual(Buffer.alloc(3000, 'z'))
})
