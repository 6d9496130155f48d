import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished, expect, test } from 'vitest'
import { asVolumeTar } from '../../src/adapters/databases/postgresql/base-backup.ts'
import type { Level } from '../../src/adapters/databases/levels.ts'
import { walkTar } from '../../src/adapters/stores/tar-walk.ts'

/** A tar as the server writes it: names without a dot, owners of nobody. */
function serverTar(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'safe-compose-base-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'base/1'), { recursive: true })
  mkdirSync(join(folder, 'pg_notify'))
  writeFileSync(join(folder, 'PG_VERSION'), '15\n')
  writeFileSync(join(folder, 'base/1/1259'), Buffer.alloc(8192 * 3, 'x'))
  writeFileSync(join(folder, 'empty'), '')
  const args = [
    '-H',
    'ustar',
    '--owner=2048',
    '--group=1024',
    '-cf',
    '-',
    'PG_VERSION',
    'base',
    'empty',
    'pg_notify',
  ]
  return execFileSync('tar', args, { cwd: folder })
}

const root: Level = { path: '.', uid: 999, gid: 998, mode: 0o700, mtime: 1_700_000_000 }
const data: Level = { ...root, path: './18/docker' }
const levels: readonly Level[] = [root, { ...root, path: './18', uid: 0, gid: 0, mode: 0o755 }, data]

async function through(tar: Buffer, by: number, where: readonly Level[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let at = 0; at < tar.length; at += by) chunks.push(tar.subarray(at, at + by))
  const out: Buffer[] = []
  for await (const chunk of Readable.from(chunks, { objectMode: true }).pipe(asVolumeTar(where)))
    out.push(chunk as Buffer)
  return Buffer.concat(out)
}

function listing(tar: Buffer): readonly string[] {
  const args = ['--numeric-owner', '--full-time', '--utc', '-tvf', '-']
  return execFileSync('tar', args, { input: tar }).toString().trim().split('\n')
}

test.each([1, 511, 512, 513, 10_240, 1_000_000])('cut in pieces of %i: the tar of the volume', async by => {
  const tar = await through(serverTar(), by, levels)
  const lines = listing(tar)
  expect(lines.slice(0, 3).map(line => line.replaceAll(/ +/g, ' '))).toEqual([
    'drwx------ 999/998 0 2023-11-14 22:13:20 ./',
    'drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ./18/',
    'drwx------ 999/998 0 2023-11-14 22:13:20 ./18/docker/',
  ])
  expect(lines.slice(3).map(line => line.split(' ').at(-1))).toEqual([
    './18/docker/PG_VERSION',
    './18/docker/base/',
    './18/docker/base/1/',
    './18/docker/base/1/1259',
    './18/docker/empty',
    './18/docker/pg_notify/',
  ])
  for (const line of lines.slice(3)) expect(line).toContain(' 999/998 ')
  const walk = walkTar()
  walk.take(tar)
  expect(walk.end()).toMatchObject({ entries: 9, files: 3, directories: 6, contentBytes: 3 + 8192 * 3 })
})

test('a data directory that is the volume itself has nothing before it but a dot', async () => {
  const lines = listing(await through(serverTar(), 4096, [root]))
  expect(lines.map(line => line.split(' ').at(-1)).slice(0, 3)).toEqual(['./', './PG_VERSION', './base/'])
})

test.each([100, 512 * 3, 512 * 5 + 7])('one that breaks off after %i bytes is a failure', async bytes => {
  const cut = serverTar().subarray(0, bytes)
  if (bytes % 512 === 0) {
    // Between two entries only the missing end tells, to whoever reads the whole.
    const walk = walkTar()
    walk.take(await through(cut, 512, [root]))
    expect(() => walk.end()).toThrow()
  } else await expect(through(cut, 512, [root])).rejects.toThrow('broke off')
})

test('PostgreSQL 13 forgets to fill up the last block of its last file: that is no broken copy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'safe-compose-base-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'backup_manifest'), 'm'.repeat(600))
  const whole = execFileSync('tar', ['-H', 'ustar', '-cf', '-', 'backup_manifest'], { cwd: folder })
  const short = Buffer.concat([whole.subarray(0, 512 + 600), Buffer.alloc(1024)])
  const tar = await through(short, 700, [root])
  expect(tar.length % 512).toBe(0)
  expect(tar.subarray(-1024).every(byte => byte === 0)).toBe(true)
  const walk = walkTar()
  walk.take(tar)
  expect(walk.end()).toMatchObject({ files: 1, contentBytes: 600 })
  await expect(through(short.subarray(0, 1000), 700, [root])).rejects.toThrow('broke off')
  await expect(through(whole.subarray(0, 512 + 1024 + 100), 700, [root])).rejects.toThrow('broke off')
})
