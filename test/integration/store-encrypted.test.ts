import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import type { AgeProgram } from '../../src/adapters/stores/encryption.ts'
import type { Store } from '../../src/model/ports.ts'
import type { DumpRecord, HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { failure, storeContract } from '../contract/store.contract.ts'
import { buildStandIn, debianAge } from '../engine/age.ts'
import { fileDamages } from '../fakes/file-damages.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const secret = 'a line that nobody may read'

const base = mkdtempSync(join(tmpdir(), 'safe-compose-encrypted-'))
const folderOf = (name: string): string => mkdtempSync(join(base, `${name}-`))
afterAll(() => rmSync(base, { recursive: true, force: true }))

interface Key {
  readonly file: string
  readonly recipient: string
}

const bin = await debianAge()
const ciphers: Readonly<Record<'age' | 'library', AgeProgram>> = {
  age: { program: join(bin, 'age'), args: [] },
  library: buildStandIn(folderOf('stand-in')),
}
let key: Key
let other: Key
beforeAll(() => {
  key = makeKey('key')
  other = makeKey('other')
})

function makeKey(name: string): Key {
  const file = join(folderOf(name), 'key.txt')
  execFileSync(join(bin, 'age-keygen'), ['-o', file], { stdio: 'pipe' })
  return { file, recipient: execFileSync(join(bin, 'age-keygen'), ['-y', file], { encoding: 'utf8' }).trim() }
}

interface StoreWords {
  readonly age?: AgeProgram
  readonly recipients?: readonly string[]
  readonly identity?: string | null
  readonly zstd?: string | null
}

function openStore(root: string, words: StoreWords = {}): Store {
  const {
    age = ciphers.age,
    recipients = [key.recipient],
    identity = key.file,
    zstd = '/usr/bin/zstd',
  } = words
  return openDirectoryStore({
    root,
    zstd,
    owner,
    leave: () => 0,
    encryption: { age, recipients, identityFile: identity },
  })
}

function someData(): string {
  const path = folderOf('data')
  mkdirSync(join(path, 'base'))
  writeFileSync(join(path, 'base', 'table'), `${secret}\n`.repeat(20_000))
  writeFileSync(join(path, 'noise'), crypto.getRandomValues(new Uint8Array(60_000)))
  return path
}

interface Saved {
  readonly point: RestorePoint
  readonly record: HoldingRecord
  readonly dump: DumpRecord
}

/** A restore point with an archive, a dump and a file of `state/`. */
async function save(store: Store, source = someData()): Promise<Saved> {
  await store.prepare()
  const draft = await store.begin(scope, '20261123T201500Z-manual')
  const kept = await draft.putArchive('shop_pgdata', directorySource(source, 'command'), () => {})
  const dump: DumpRecord = {
    ...(await draft.putDump(
      'db/shop.sql',
      {
        stream: Readable.from([Buffer.from(secret)]),
        done: Promise.resolve({ figures: [] }),
        stop: () => {},
      },
      () => {},
    )),
    form: 'sql',
    database: 'shop',
    figures: [],
  }
  await draft.putFile('state/compose/1-compose.yaml', `# ${secret}\n`)
  const point = await draft.publish(manualManifest(scope, kept))
  const [record] = point.manifest.holdings
  if (record === undefined) throw new Error('no holding')
  return { point, record, dump }
}

storeContract({
  name: 'directory, encrypted by age',
  makeStore: root => openStore(`${root}/store`),
  damages: fileDamages,
})
storeContract({
  name: 'directory, encrypted by the library, without zstd',
  makeStore: root => openStore(`${root}/store`, { age: ciphers.library, zstd: null }),
  damages: fileDamages,
})

describe('what is encrypted', () => {
  test.each(['age', 'library'] as const)('by %s is opened by age itself, as the README says', async way => {
    const source = someData()
    const { point, record, dump } = await save(openStore(folderOf('store'), { age: ciphers[way] }), source)
    expect(record.kept.path).toBe('volumes/shop_pgdata.tar.zst.age')
    expect(dump.path).toBe('dumps/db/shop.sql.zst.age')
    const target = folderOf('target')
    const line = `"${bin}/age" -d -i "${key.file}" "$1" | zstd -dc`
    execFileSync('sh', [
      '-c',
      `${line} | tar -xpf - -C "$2"`,
      'sh',
      join(point.path, record.kept.path),
      target,
    ])
    execFileSync('diff', ['-r', source, target])
    const shown = execFileSync('sh', ['-c', line, 'sh', join(point.path, dump.path)], { encoding: 'utf8' })
    expect(shown).toBe(secret)
    const state = join(point.path, 'state/compose/1-compose.yaml.age')
    expect(execFileSync(join(bin, 'age'), ['-d', '-i', key.file, state], { encoding: 'utf8' })).toBe(
      `# ${secret}\n`,
    )
  })

  test.each([
    ['age', 'library'],
    ['library', 'age'],
  ] as const)('by %s is opened by %s', async (writer, reader) => {
    const root = folderOf('store')
    const source = someData()
    const { point, record, dump } = await save(openStore(root, { age: ciphers[writer] }), source)
    const store = openStore(root, { age: ciphers[reader] })
    await store.check(point, record, () => {})
    await store.checkDump(point, dump, () => {})
    for (const way of ['stream', 'command'] as const) {
      const target = folderOf('target')
      await store.extract(point, record, directorySink(target, way), () => {})
      execFileSync('diff', ['-r', source, target])
    }
  })

  test('lies nowhere in the clear, and says to whom it is encrypted', async () => {
    const { point } = await save(
      openStore(folderOf('store'), { recipients: [key.recipient, other.recipient] }),
    )
    expect(point.manifest.encryption).toEqual({ form: 'age', recipients: [key.recipient, other.recipient] })
    const files = readdirSync(point.path, { recursive: true, encoding: 'utf8' }).filter(name =>
      statSync(join(point.path, name)).isFile(),
    )
    expect(files.filter(name => !name.endsWith('.age'))).toEqual(['manifest.json'])
    for (const name of files) expect(readFileSync(join(point.path, name), 'latin1')).not.toContain(secret)
  })

  test('needs nothing but the recipient to be written, and says so when it is to be opened', async () => {
    const root = folderOf('store')
    const { point, record, dump } = await save(openStore(root, { identity: null }))
    for (const [identity, why] of [
      [null, 'no identity is named on this machine'],
      ['/does/not/exist', 'there is no file /does/not/exist'],
      [other.file, `${other.file} is the identity of ${other.recipient}`],
    ] as const) {
      const store = openStore(root, { identity })
      const refusal = { reason: 'no-identity', id: point.id, recipients: [key.recipient], why }
      const target = folderOf('target')
      for (const work of [
        () => store.unlock(point),
        () => store.check(point, record, () => {}),
        () => store.extract(point, record, directorySink(target, 'command'), () => {}),
        () => store.checkDump(point, dump, () => {}),
        () => store.openDump(point, dump),
      ])
        await expect(failure(work())).resolves.toEqual(refusal)
      expect(readdirSync(target)).toEqual([])
      await store.confirm(point, record, () => {})
      await store.confirmDump(point, dump)
    }
  })

  test('opens for each of several recipients, and after encryption was switched off', async () => {
    const root = folderOf('store')
    const { point, record } = await save(openStore(root, { recipients: [key.recipient, other.recipient] }))
    for (const identity of [key.file, other.file])
      await openStore(root, { identity, recipients: [] }).check(point, record, () => {})
  })

  test('stands beside what was written in the clear before', async () => {
    const root = folderOf('store')
    const plain = await save(openStore(root, { recipients: [] }))
    const store = openStore(root)
    const sealed = await save(store)
    expect((await store.list(scope)).map(point => [point.id, point.state])).toEqual([
      [sealed.point.id, 'good'],
      [plain.point.id, 'good'],
    ])
    for (const { point, record } of [plain, sealed]) {
      await store.unlock(point)
      await store.check(point, record, () => {})
      await store.extract(point, record, directorySink(folderOf('target'), 'stream'), () => {})
    }
    expect(plain.point.manifest.encryption).toBeUndefined()
  })
})

describe('an encrypted archive that is not what was encrypted', () => {
  const chunk = 64 * 1024 + 16

  /** Where the payload's chunks begin. */
  function payloadOf(bytes: Buffer): number {
    const header = bytes.indexOf('\n', bytes.indexOf('\n--- ') + 1) + 1
    return header + 16
  }

  test.each([
    ['altered in its header', (bytes: Buffer) => flipped(bytes, 40)],
    ['altered in the middle', (bytes: Buffer) => flipped(bytes, bytes.length >> 1)],
    ['cut in the middle of a chunk', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['cut between two chunks', (bytes: Buffer) => bytes.subarray(0, payloadOf(bytes) + chunk)],
    ['cut before its first chunk', (bytes: Buffer) => bytes.subarray(0, payloadOf(bytes))],
    ['longer than it was', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more')])],
  ])('%s is refused although its manifest calls it whole', async (_, change) => {
    const root = folderOf('store')
    const source = someData()
    writeFileSync(join(source, 'more-noise'), crypto.getRandomValues(new Uint8Array(65_000)))
    writeFileSync(join(source, 'noise-again'), crypto.getRandomValues(new Uint8Array(65_000)))
    const { point, record } = await save(openStore(root), source)
    const path = join(point.path, record.kept.path)
    const changed = change(readFileSync(path))
    writeFileSync(path, changed)
    const kept = {
      ...record.kept,
      bytes: changed.length,
      sha256: createHash('sha256').update(changed).digest('hex'),
    }
    for (const age of Object.values(ciphers)) {
      const store = openStore(root, { age })
      await store.confirm(point, { ...record, kept }, () => {})
      const target = folderOf('target')
      for (const work of [
        () => store.check(point, { ...record, kept }, () => {}),
        () => store.extract(point, { ...record, kept }, directorySink(target, 'command'), () => {}),
        () => store.extract(point, { ...record, kept }, directorySink(target, 'stream'), () => {}),
      ])
        await expect(failure(work())).resolves.toMatchObject({ reason: 'archive-damaged', path })
      expect(readdirSync(target)).toEqual([])
    }
  })

  function flipped(bytes: Buffer, at: number): Buffer {
    const altered = Buffer.from(bytes)
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at)
    return altered
  }
})

describe('a cipher that does not do what it is for', () => {
  const shell = (line: string): AgeProgram => ({ program: 'sh', args: ['-c', line, 'sh'] })

  test.each([
    ['is not there', { program: '/does/not/exist', args: [] }, '/does/not/exist'],
    ['fails', shell('echo no such luck >&2; exit 3'), 'no such luck'],
    ['fails in the middle', shell('head -c 20000; echo half way >&2; exit 3'), 'half way'],
    ['loses the end without a word', shell(`"${join(bin, 'age')}" "$@" | head -c -1`), 'not as long'],
    ['writes nothing', shell('cat >/dev/null'), 'not as long'],
  ] as const)('%s: the backup has failed', async (_, age, why) => {
    const root = folderOf('store')
    const store = openStore(root, { age })
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    for (const way of ['stream', 'command'] as const)
      await expect(
        failure(draft.putArchive(`by-${way}`, directorySource(someData(), way), () => {})),
      ).resolves.toMatchObject({ reason: 'backup-failed', why: expect.stringContaining(why) as string })
    await draft.discard()
    expect(await store.clearPartials(scope, async () => false)).toEqual([])
  })

  test('nor does a file of state/ count that could not be encrypted', async () => {
    const store = openStore(folderOf('store'), { recipients: ['age1nonsense'] })
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    await expect(failure(draft.putFile('state/config.yaml', 'services: {}'))).resolves.toMatchObject({
      reason: 'backup-failed',
      holding: 'state/config.yaml.age',
    })
    await draft.discard()
  })
})
