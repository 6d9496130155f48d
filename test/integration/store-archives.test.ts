import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { walkTar } from '../../src/adapters/stores/tar-walk.ts'
import { openForeignArchive } from '../../src/adapters/stores/foreign-archive.ts'
import type { Store, TarSource } from '../../src/model/ports.ts'
import type { HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-archives-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  ['zstd', 'command'],
  ['zstd', 'stream'],
  ['gzip', 'stream'],
] as const)('an archive: %s, %s', (compression, way) => {
  test('holds everything that a volume can hold', async () => {
    const tree = unusualTree()
    const { store, point, record } = await write(compression, posixSource(tree, way))
    expect(record.kept.tar).toMatchObject({ files: 4, links: 2, others: 1 })
    const target = make('target')
    await store.extract(point, record, directorySink(target, way), () => {})
    expect(describeTree(target)).toEqual(describeTree(tree))
  })

  test('is restored by hand as the README says', async () => {
    const tree = unusualTree()
    const { point, record } = await write(compression, posixSource(tree, way))
    const file = join(point.path, record.kept.path)
    expect(execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ')[0]).toBe(record.kept.sha256)
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(record.kept.sha256)
    const target = make('target')
    const unpack = compression === 'zstd' ? 'zstd -dc' : 'gzip -dc'
    execFileSync('sh', [
      '-c',
      `${unpack} "$1" | tar --numeric-owner --xattrs -xpf - -C "$2"`,
      'sh',
      file,
      target,
    ])
    expect(describeTree(target)).toEqual(describeTree(tree))
  })

  test('is read without the program that wrote it', async () => {
    const tree = make('tree')
    writeFileSync(join(tree, 'noise'), randomBytes(3_000_000))
    writeFileSync(join(tree, 'rows'), 'row '.repeat(2_000_000))
    const { point, record } = await write(compression, directorySource(tree, way))
    const without = open(null)
    await without.check(point, record, () => {})
    const target = make('target')
    expect(await without.extract(point, record, directorySink(target, 'command'), () => {})).toEqual(
      record.kept.tar,
    )
    execFileSync('diff', ['-r', tree, target])
  })

  test('with holes of five gigabytes stays small, and its holes are holes again', async () => {
    const tree = make('tree')
    writeFileSync(join(tree, 'holes'), 'start')
    truncateSync(join(tree, 'holes'), 5 * 1024 ** 3)
    const { store, point, record } = await write(compression, posixSource(tree, way))
    expect(record.kept.bytes).toBeLessThan(100_000)
    expect(record.kept.tar.contentBytes).toBe(5 * 1024 ** 3)
    const target = make('target')
    await store.extract(point, record, directorySink(target, way), () => {})
    expect(statSync(join(target, 'holes'))).toMatchObject({ size: 5 * 1024 ** 3 })
    expect(statSync(join(target, 'holes')).blocks).toBeLessThan(1000)
  })

  test('tells how far it is, up to the end', async () => {
    const tree = make('tree')
    writeFileSync(join(tree, 'rows'), 'row '.repeat(3_000_000))
    const seen: number[] = []
    const { store, point, record } = await write(compression, directorySource(tree, way), done =>
      seen.push(done),
    )
    expect(seen.length).toBeGreaterThan(5)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBeLessThanOrEqual(record.kept.tar.bytes)
    for (const read of [
      (onBytes: (done: number) => void) => store.check(point, record, onBytes),
      (onBytes: (done: number) => void) => store.confirm(point, record, onBytes),
    ]) {
      let last = 0
      await read(done => (last = done))
      expect(last).toBe(record.kept.bytes)
    }
    let last = 0
    await store.extract(point, record, directorySink(make('target'), way), done => (last = done))
    expect(last).toBe(record.kept.tar.bytes)
  })

  test('of a source that is cut short does not count', async () => {
    const tree = make('tree')
    writeFileSync(join(tree, 'rows'), 'row '.repeat(100_000))
    const script = `tar -C '${tree}' -cf - . | head -c 200000`
    const source = shellSource(script, way)
    await expect(failure(write(compression, source))).resolves.toMatchObject({
      reason: 'backup-failed',
      holding: 'shop_pgdata',
      why: expect.stringMatching(/cut off at byte 200000/) as string,
    })
  })

  test('of a program that complains does not count, and its words are told', async () => {
    const tree = make('tree')
    const script = `tar -C '${tree}' -cf - .; echo 'tar: ./base/1: file changed as we read it' >&2; exit 1`
    await expect(failure(write(compression, shellSource(script, way)))).resolves.toMatchObject({
      reason: 'backup-failed',
      why: expect.stringContaining('ended with 1: tar: ./base/1: file changed as we read it') as string,
    })
  })

  test('of nothing at all does not count', async () => {
    await expect(failure(write(compression, shellSource('true', way)))).resolves.toMatchObject({
      reason: 'backup-failed',
      why: expect.stringContaining('its end is missing at byte 0') as string,
    })
  })
})

describe('what is counted', () => {
  test.each([
    ['as volumes are read', []],
    [
      'with the names of owners, and with other formats',
      ['--format=gnu', '--no-xattrs', '--no-acls', '--owner=ann:7', '--group=bob:8'],
    ],
  ])('by tar itself is what is in the archive: %s', async (_, more) => {
    const tree = unusualTree()
    mknods(tree)
    const args = ['--format=posix', '--sparse', '--xattrs', '--acls', '--numeric-owner', ...more]
    const { store, point, record } = await write('zstd', directorySource(tree, 'command', args))
    const walk = walkTar()
    walk.take(execFileSync('zstd', ['-dc', join(point.path, record.kept.path)], { maxBuffer: 1 << 28 }))
    expect(record.kept.tar).toEqual(walk.end())
    expect(record.kept.tar.others).toBe(3)
    expect(record.kept.tar.contentBytes).toBeGreaterThan(2 * 1024 ** 3)
    await store.check(point, record, () => {})
    expect(readdirSync(join(point.path, 'volumes'))).toEqual(['shop_pgdata.tar.zst'])
  })

  test('where tar cannot tell is what a walk through the archive finds', async () => {
    const tree = plainTree()
    const source = shellSource(`tar -C '${tree}' -cf - .`, 'command')
    const { record } = await write('zstd', source)
    expect(record.kept.tar).toMatchObject({ entries: 4, files: 2, directories: 2, contentBytes: 100_003 })
  })

  test.each([
    ['more', '+ 10240', 'bytes of tar went in and'],
    ['less', '- 10240', 'bytes of tar went in and'],
  ])('must be what came back: %s is a failed backup', async (_, difference, why) => {
    const program = join(folder, 'tar')
    // A tar that is wrong about how much it wrote.
    const change = `s/^Total bytes written: [0-9]*/Total bytes written: $(( $(wc -c < ${folder}/tar.out) ${difference} ))/`
    const script = `tar "$@" 2> ${folder}/words > ${folder}/tar.out; sed "${change}" ${folder}/words >&2; cat ${folder}/tar.out`
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    await expect(
      failure(write('zstd', directorySource(plainTree(), 'command', [], program))),
    ).resolves.toMatchObject({ reason: 'backup-failed', why: expect.stringContaining(why) as string })
  })
})

describe('an archive that was altered after it was checked', () => {
  test('is refused before it is unpacked', async () => {
    const tree = make('tree')
    writeFileSync(join(tree, 'noise'), randomBytes(1_000_000))
    const { store, point, record } = await write('zstd', directorySource(tree, 'command'))
    await store.confirm(point, record, () => {})
    const file = join(point.path, record.kept.path)
    const altered = readFileSync(file)
    altered.writeUInt8(altered.readUInt8(500_000) ^ 1, 500_000)
    writeFileSync(file, altered)
    const target = make('target')
    await expect(
      failure(store.extract(point, record, directorySink(target, 'command'), () => {})),
    ).resolves.toEqual({
      reason: 'archive-damaged',
      path: file,
      why: 'its hash is not the recorded one',
    })
    expect(readdirSync(target)).toEqual([])
  })
})

describe.each(['command', 'stream'] as const)('a compressor that dies: %s', way => {
  test('is a failed backup, in its own words', async () => {
    const program = join(folder, 'zstd')
    const script = `#!/bin/sh\nhead -c 100000 > /dev/null\necho 'zstd: out of memory' >&2\nexit 3\n`
    writeFileSync(program, script, { mode: 0o755 })
    const tree = make('tree')
    writeFileSync(join(tree, 'noise'), randomBytes(3_000_000))
    const store = open(program)
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    await expect(failure(draft.putArchive('v', directorySource(tree, way), () => {}))).resolves.toMatchObject(
      {
        reason: 'backup-failed',
        why: 'zstd ended with 3: zstd: out of memory',
      },
    )
    await draft.discard()
  })

  test('or that is not there any more', async () => {
    const store = open(join(folder, 'no-such-zstd'))
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    const refused = failure(draft.putArchive('v', directorySource(make('tree'), way), () => {}))
    await expect(refused).resolves.toMatchObject({
      reason: 'backup-failed',
      why: expect.stringContaining('No such file or directory') as string,
    })
    await draft.discard()
  })
})

describe('archives of others', () => {
  const packings = [
    ['tar', (tar: Buffer) => tar],
    ['tar.gz', (tar: Buffer) => execFileSync('gzip', ['-c'], { input: tar, maxBuffer: 1 << 28 })],
    ['tar.zst', (tar: Buffer) => execFileSync('zstd', ['-qc'], { input: tar, maxBuffer: 1 << 28 })],
    ['frames.tar.zst', (tar: Buffer) => inFrames(tar)],
  ] as const

  describe.each(['zstd', null])('with the program %s', zstd => {
    test.each(packings)('a %s is opened by its content, whatever its name says', async (_, pack) => {
      const tree = plainTree()
      const path = join(folder, 'backup-2026')
      writeFileSync(path, pack(tarOf(['-C', tree, '.'])))
      const archive = await openForeignArchive(path, zstd)
      expect(archive).toMatchObject({ wrapping: null, counts: { files: 2, directories: 2 } })
      for (const way of ['stream', 'command'] as const) {
        const target = make(`target-${way}`)
        expect(await archive.extract(directorySink(target, way), () => {})).toEqual(archive.counts)
        execFileSync('diff', ['-r', tree, target])
      }
    })

    test.each(packings)('a %s that is cut off is refused', async (_, pack) => {
      const path = join(folder, 'cut')
      const whole = pack(tarOf(['-C', plainTree(), '.']))
      for (const part of [0.3, 0.6, 0.9]) {
        // The zeros at the end of a tar may miss: what is needed of them is a kilobyte.
        writeFileSync(path, whole.subarray(0, Math.floor((whole.length - 10_240) * part)))
        if (statSync(path).size < 512) continue
        await expect(failure(openForeignArchive(path, zstd))).resolves.toMatchObject({
          reason: 'archive-damaged',
          path,
        })
      }
    })
  })

  test.each([
    ['packed from the root, as `tar czf x /data`', 'data', []],
    ['packed beside a volume’s mountpoint', '_data', []],
    ['in a folder of two names', 'backup/data', []],
    ['packed with ./ before each name', './data', []],
  ])('a wrapping is found: %s', async (_, wrapping) => {
    const path = wrapped(wrapping, [wrapping])
    expect((await openForeignArchive(path, 'zstd')).wrapping).toBe(wrapping.replace('./', ''))
  })

  test('a volume that holds nothing but a folder `data` is not unwrapped: its own root is in the archive', async () => {
    expect((await openForeignArchive(wrapped('data', ['.']), 'zstd')).wrapping).toBeNull()
    expect((await openForeignArchive(wrapped('_data', ['.']), 'zstd')).wrapping).toBe('_data')
  })

  test('one name outside of it, and it is no wrapping', async () => {
    const tree = make('mixed')
    mkdirSync(join(tree, 'data'))
    writeFileSync(join(tree, 'data', 'a'), 'a')
    writeFileSync(join(tree, 'datafile'), 'b')
    const path = join(folder, 'mixed.tar')
    writeFileSync(path, tarOf(['-C', tree, 'data', 'datafile']))
    expect((await openForeignArchive(path, 'zstd')).wrapping).toBeNull()
  })

  test.each([
    ['a path that climbs out', ['--transform=s,^a$,../../evil,', 'a'], '../../evil'],
    ['a path from the root', ['--transform=s,^a$,/etc/evil,', 'a'], '/etc/evil'],
    [
      'a long path that climbs out',
      [`--transform=s,^a$,${'d/'.repeat(90)}../../x,`, 'a'],
      `${'d/'.repeat(90)}../../x`,
    ],
    [
      'a hard link to something outside',
      ['--transform=flags=h;s,^a$,../../etc/shadow,', 'a', 'z'],
      '../../etc/shadow',
    ],
  ])('%s is refused', async (_, args, name) => {
    const tree = make('evil')
    writeFileSync(join(tree, 'a'), 'a')
    linkSync(join(tree, 'a'), join(tree, 'z'))
    const path = join(folder, 'evil.tar')
    writeFileSync(path, tarOf(['-P', '-C', tree, ...args]))
    await expect(failure(openForeignArchive(path, 'zstd'))).resolves.toMatchObject({
      reason: 'not-possible',
      what: `${path} holds ${name}, which lies outside of the volume`,
    })
  })

  test('what is no archive is said to be none', async () => {
    const path = join(folder, 'letter.txt')
    writeFileSync(path, 'Dear Ann,\n'.repeat(100))
    await expect(failure(openForeignArchive(path, 'zstd'))).resolves.toMatchObject({
      reason: 'not-possible',
      what: `${path} is neither a tar nor one compressed with gzip or zstd`,
    })
    await expect(failure(openForeignArchive(join(folder, 'gone'), null))).resolves.toMatchObject({
      reason: 'not-possible',
      how: 'name an archive that is there: safe-compose restore --from FILE --volume VOLUME',
    })
    writeFileSync(path, Buffer.alloc(10_240))
    await expect(failure(openForeignArchive(path, null))).resolves.toMatchObject({
      reason: 'archive-damaged',
      why: 'there is nothing in it',
    })
  })

  test('one that changes between the look and the unpacking is a failed restore', async () => {
    const path = join(folder, 'changing.tar')
    writeFileSync(path, tarOf(['-C', plainTree(), '.']))
    const archive = await openForeignArchive(path, null)
    const changed = readFileSync(path)
    changed.write('X', 600)
    writeFileSync(path, changed)
    await expect(
      failure(archive.extract(directorySink(make('target'), 'stream'), () => {})),
    ).resolves.toMatchObject({
      reason: 'archive-damaged',
    })
  })
})

function open(zstd: string | null): Store {
  return openDirectoryStore({
    root: join(folder, 'store'),
    zstd,
    owner: async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }),
    leave: () => 0,
  })
}

async function write(
  compression: 'zstd' | 'gzip',
  source: TarSource,
  onBytes: (done: number) => void = () => {},
): Promise<{ store: Store; point: RestorePoint; record: HoldingRecord }> {
  const store = open(compression === 'zstd' ? 'zstd' : null)
  await store.prepare()
  const draft = await store.begin(scope, '20261123T201500Z-manual')
  const kept = await draft.putArchive('shop_pgdata', source, onBytes)
  const point = await draft.publish(manualManifest(scope, kept))
  const [record] = point.manifest.holdings
  if (record === undefined) throw new Error('no holding')
  return { store, point, record }
}

/** With holes, extended attributes and POSIX names, as volumes are read at their mountpoint. */
function posixSource(path: string, way: 'stream' | 'command'): TarSource {
  const more = ['--format=posix', '--sparse', '--xattrs']
  return directorySource(path, way, more)
}

/** A shell script as a source. The options that are put before a tar's own reach the script as arguments. */
function shellSource(script: string, way: 'stream' | 'command'): TarSource {
  const path = join(folder, 'source.sh')
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return directorySource('/', way, [], path)
}

function make(name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}

function plainTree(): string {
  const tree = make('plain')
  mkdirSync(join(tree, 'base'), { recursive: true })
  writeFileSync(join(tree, 'base', 'table'), randomBytes(100_000))
  writeFileSync(join(tree, 'PG_VERSION'), '15\n')
  return tree
}

/** An archive of a folder that holds its content in `wrapping`. */
function wrapped(wrapping: string, members: readonly string[]): string {
  const tree = make(`wrapped-${members.length}-${wrapping.replaceAll('/', '-')}`)
  mkdirSync(join(tree, wrapping, 'base'), { recursive: true })
  writeFileSync(join(tree, wrapping, 'base', 'table'), 'x')
  const path = join(folder, 'wrapped.tar')
  writeFileSync(path, tarOf(['-C', tree, ...members]))
  return path
}

function tarOf(args: readonly string[]): Buffer {
  return execFileSync('tar', ['-cf', '-', ...args], { maxBuffer: 1 << 28 })
}

/** As pzstd and other programs write: one frame after the other, of sizes that are not round. */
function inFrames(tar: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < tar.length; at += 33_333)
    parts.push(execFileSync('zstd', ['-qc'], { input: tar.subarray(at, at + 33_333) }))
  return Buffer.concat(parts)
}

/** Owners, modes, times, links, a fifo, odd and long names. */
function unusualTree(): string {
  const tree = make('unusual')
  const at = (name: string): string => join(tree, name)
  writeFileSync(at('n'.repeat(255)), 'long')
  const deep = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(248)).join('/')
  mkdirSync(at(deep), { recursive: true })
  writeFileSync(join(at(deep), 'end'), 'end')
  writeFileSync(at('new\nline \u001b[31mred'), 'odd')
  linkSync(at('new\nline \u001b[31mred'), at('hard'))
  symlinkSync('/nowhere', at('soft'))
  execFileSync('mkfifo', [at('fifo')])
  writeFileSync(at('setuid'), '')
  chownSync(at('setuid'), 70, 70)
  chmodSync(at('setuid'), 0o4750)
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789', at('setuid')])
  chownSync(tree, 999, 999)
  chmodSync(tree, 0o1730)
  return tree
}

/** What only root can make: devices. And files with holes: in the middle, at the end, many of them, nothing else. */
function mknods(tree: string): void {
  execFileSync('mknod', [join(tree, 'character'), 'c', '1', '3'])
  execFileSync('mknod', [join(tree, 'block'), 'b', '7', '200'])
  symlinkSync('new\nline -> link to nowhere', join(tree, 'odd -> link'))
  writeFileSync(Buffer.from(`${tree}/not text \xff\\n`, 'latin1'), 'x')
  writeFileSync(join(tree, '-rw-r--r-- 0 0    77 2026-01-01 00:00 name'), 'x'.repeat(1234))
  writeFileSync(join(tree, 'end'), 'start')
  truncateSync(join(tree, 'end'), 2 * 1024 ** 3)
  writeFileSync(join(tree, 'hole'), '')
  truncateSync(join(tree, 'hole'), 1_000_000)
  for (let at = 0; at < 40; at++)
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${tree}/many`,
      'bs=4k',
      'count=1',
      'conv=notrunc',
      'status=none',
      `seek=${at * 3}`,
    ])
  mkdirSync(join(tree, 'empty'))
}

/** Everything that a restore must bring back, a line for each entry, the root first. */
function describeTree(tree: string): readonly string[] {
  const names = execFileSync('find', ['.', '-print0'], { cwd: tree, encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)
  return names.toSorted().map(name => {
    const found = lstatSync(join(tree, name), { bigint: true })
    const { mode, uid, gid, nlink } = found
    const content = found.isFile() ? readFileSync(join(tree, name), 'utf8') : ''
    const time = found.isFile() ? found.mtimeNs : 0n
    return [name, mode.toString(8), uid, gid, found.isFile() ? nlink : 0n, time, content].join(' ')
  })
}
