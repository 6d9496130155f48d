import { execFileSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { plainTar } from '../../src/adapters/docker/plain-tar.ts'
import type { Header } from '../../src/adapters/docker/tar-header.ts'

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

async function plain(tar: Buffer, pieces: number): Promise<{ tar: Buffer; root: Header | null }> {
  let root: Header | null = null
  const chunks: Buffer[] = []
  const input = Array.from({ length: Math.ceil(tar.length / pieces) }, (_, index) =>
    tar.subarray(index * pieces, (index + 1) * pieces),
  )
  for await (const chunk of plainTar(Readable.from(input), header => (root = header))) chunks.push(chunk)
  return { tar: Buffer.concat(chunks), root }
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
    withHoles(join(from, `${'n'.repeat(200)}`), [[40_000, 'x']], 100_000)
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
    const { tar, root } = await plain(sparse, pieces)
    expect(tar.toString('latin1')).not.toContain('GNU.sparse')
    expect(root).toMatchObject({ path: './', flag: '5' })
    execFileSync('tar', ['-C', to, '-xf', '-'], { input: tar })
    execFileSync('diff', ['-r', from, to])
    expect(readFileSync(join(to, 'holes')).length).toBe(1_000_001)
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
