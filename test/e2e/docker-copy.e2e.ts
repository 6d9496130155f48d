import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Engine, TarSource } from '../../src/model/ports.ts'
import {
  container,
  describeTree,
  docker,
  engineFor,
  nothingUses,
  pour,
  proxy,
  volume,
} from './docker-world.ts'

type Way = TarSource['kind']

async function copy(
  from: Engine,
  to: Engine,
  source: Parameters<Engine['openSource']>[0],
  target: string,
): Promise<[Way, Way]> {
  const out = await from.openSource(source, nothingUses)
  const into = await to.openSink({ kind: 'volume', name: target })
  try {
    await pour(out, into)
    return [out.kind, into.kind]
  } finally {
    await out.close()
    await into.close()
  }
}

/** Everything that tar programs have stumbled over. */
async function fillNastily(folder: string): Promise<void> {
  const at = (path: string): string => join(folder, path)
  mkdirSync(at('dir'))
  writeFileSync(at('dir/plain'), 'plain\n')
  writeFileSync(at('dir/setuid'), '#!/bin/sh\n')
  chmodSync(at('dir/setuid'), 0o6755)
  chownSync(at('dir/plain'), 70, 4_000_000)
  mkdirSync(at('sticky'))
  chmodSync(at('sticky'), 0o1777)
  mkdirSync(at('closed'))
  chmodSync(at('closed'), 0)
  linkSync(at('dir/plain'), at('hard'))
  symlinkSync('../outside/nowhere', at('symlink'))
  symlinkSync('/etc/passwd', at('absolute'))
  symlinkSync('t'.repeat(300), at('long-target'))
  execFileSync('mkfifo', [at('fifo')])
  writeFileSync(at('line\nbreak \u001b[31m"quoted"\\'), 'x')
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/not-utf8-`), Buffer.from([0xff, 0xfe])]), 'bytes')
  writeFileSync(at('-rf'), 'looks like an option')
  writeFileSync(at('n'.repeat(255)), 'long name')
  const deep = Array.from({ length: 8 }, (_, level) => `${level}${'d'.repeat(247)}`).join('/')
  mkdirSync(at(deep), { recursive: true })
  writeFileSync(at(`${deep}/end`), 'at the end of a path of 2,000 bytes')
  writeFileSync(at('empty'), '')
  writeFileSync(at('big'), Buffer.alloc(3_000_000, 'abcdefg'))
  utimesSync(at('big'), 1_000_000_000, 999_999_999)
  utimesSync(at('dir'), 1_234_567_890, 1_234_567_890)
  lutimesSync(at('symlink'), 1_111_111_111, 1_111_111_111)
  await listenAt(at('socket'))
  chownSync(folder, 999, 998)
  chmodSync(folder, 0o3750)
  utimesSync(folder, 1_500_000_000, 1_500_000_000)
}

async function listenAt(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>(resolve => void server.listen(path, resolve))
  onTestFinished(() => void server.close())
}

const ways: readonly [Way, Way][] = [
  ['api', 'api'],
  ['api', 'mountpoint'],
  ['mountpoint', 'api'],
  ['mountpoint', 'mountpoint'],
]

describe('a volume goes round', () => {
  test.each(ways)(
    '%s to %s: owners, modes, times, links, fifo, names, the root directory',
    async (out, into) => {
      const source = await volume('nasty')
      const target = await volume('copy')
      await fillNastily(source.mountpoint)
      const from = await engineFor({ mountpoints: out === 'mountpoint' })
      const to = await engineFor({ mountpoints: into === 'mountpoint' })
      expect(await copy(from, to, source.holding, target.name)).toEqual([out, into])
      const expected = describeTree(source.mountpoint)
      expect(expected.length).toBeGreaterThan(35)
      expect(describeTree(target.mountpoint)).toEqual(expected)
      const { ino } = statSync(join(target.mountpoint, 'hard'))
      expect(statSync(join(target.mountpoint, 'dir/plain')).ino).toBe(ino)
      expect(existsSync(join(target.mountpoint, 'socket'))).toBe(false)
      expect(await docker('ps', '-aq', '--filter', `volume=${source.name}`)).toBe('')
      expect(await docker('ps', '-aq', '--filter', `volume=${target.name}`)).toBe('')
    },
  )

  test.each<[Way, Way, number]>([
    ['api', 'api', 1],
    ['mountpoint', 'api', 1],
    ['mountpoint', 'mountpoint', 5],
  ])('%s to %s: a sparse file of %i GB keeps every byte', async (out, into, gigabytes) => {
    const source = await volume('sparse')
    const target = await volume('sparse-copy')
    const size = gigabytes * 1024 ** 3
    const marks = [0, Math.floor(size / 2) + 17, size - 4]
    const file = openSync(join(source.mountpoint, 'sparse'), 'w')
    ftruncateSync(file, size)
    for (const mark of marks) writeSync(file, 'mark', mark)
    closeSync(file)
    const from = await engineFor({ mountpoints: out === 'mountpoint' })
    const to = await engineFor({ mountpoints: into === 'mountpoint' })
    await copy(from, to, source.holding, target.name)
    const copied = statSync(join(target.mountpoint, 'sparse'))
    expect(copied.size).toBe(size)
    const reading = openSync(join(target.mountpoint, 'sparse'), 'r')
    const found = marks.map(mark => {
      const bytes = Buffer.alloc(8)
      return bytes.toString('latin1', 0, Math.min(4, readSync(reading, bytes, 0, 8, mark)))
    })
    closeSync(reading)
    expect(found).toEqual(marks.map(() => 'mark'))
    if (into === 'mountpoint') expect(copied.blocks * 512).toBeLessThan(1_000_000)
  })

  test('extended attributes and the times of files come through the mountpoint to the last digit', async () => {
    const source = await volume('fine')
    const target = await volume('fine-copy')
    writeFileSync(join(source.mountpoint, 'file'), 'x')
    const noted = execFileSync('tar', [
      '--format=posix',
      '--pax-option=SCHILY.xattr.user.note:=seen',
      '-C',
      source.mountpoint,
      '-cf',
      '-',
      'file',
    ])
    execFileSync('tar', ['--xattrs', '-C', source.mountpoint, '-xf', '-'], { input: noted })
    execFileSync('touch', ['-d', '2024-05-06 07:08:09.123456789', join(source.mountpoint, 'file')])
    const engine = await engineFor()
    await copy(engine, engine, source.holding, target.name)
    const again = execFileSync('tar', ['--xattrs', '-C', target.mountpoint, '-cf', '-', 'file'])
    expect(again.toString('latin1')).toContain('SCHILY.xattr.user.note=seen')
    expect(statSync(join(target.mountpoint, 'file'), { bigint: true }).mtimeNs).toBe(
      statSync(join(source.mountpoint, 'file'), { bigint: true }).mtimeNs,
    )
  })

  test('from the mountpoint the archive is the same, byte for byte, when nothing changed', async () => {
    const source = await volume('same')
    await fillNastily(source.mountpoint)
    const engine = await engineFor()
    const archive = async (): Promise<Buffer> => {
      const out = await engine.openSource(source.holding, nothingUses)
      const { stream, done } = await out.open()
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      await done
      await out.close()
      return Buffer.concat(chunks)
    }
    const first = await archive()
    execFileSync('cat', [join(source.mountpoint, 'big')], { stdio: 'ignore' })
    expect((await archive()).equals(first)).toBe(true)
  })
})

describe('volumes that are not plain', () => {
  test('of a bind device: through the API, where its data is', async () => {
    const device = await volume('device')
    writeFileSync(join(device.mountpoint, 'file'), 'on the device')
    const bound = await volume('bound', [
      '-o',
      'type=none',
      '-o',
      'o=bind',
      '-o',
      `device=${device.mountpoint}`,
    ])
    const target = await volume('bound-copy')
    const engine = await engineFor()
    const contents = await engine.contents([bound.holding], await engine.observe(), 30_000)
    expect(contents.get(bound.holding)).toMatchObject({ empty: false, bytes: 13 })
    expect(await copy(engine, engine, bound.holding, target.name)).toEqual(['api', 'mountpoint'])
    expect(readdirSync(target.mountpoint)).toEqual(['file'])
  })

  test('of tmpfs: read while a container runs, never written while none does', async () => {
    const memory = await volume('memory', ['-o', 'type=tmpfs', '-o', 'device=tmpfs'])
    const target = await volume('memory-copy')
    const engine = await engineFor()
    await expect(engine.openSink({ kind: 'volume', name: memory.name })).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining('memory') },
    })
    await container(['-v', `${memory.name}:/m`, 'busybox', 'sh', '-c', 'echo kept > /m/file; sleep 300'])
    await expect.poll(() => docker('ps', '-q', '--filter', `volume=${memory.name}`)).not.toBe('')
    await copy(engine, engine, memory.holding, target.name)
    expect(readdirSync(target.mountpoint)).toEqual(['file'])
  })

  test('that cannot be mounted: never called empty', async () => {
    const broken = await volume('broken', ['-o', 'type=ext4', '-o', 'device=/dev/does-not-exist'])
    const engine = await engineFor()
    const contents = await engine.contents([broken.holding], await engine.observe(), 30_000)
    expect(contents.get(broken.holding)).toMatchObject({ empty: false, bytes: null })
    const out = await engine.openSource(broken.holding, nothingUses)
    await expect(out.open()).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    await out.close()
  })

  test('a directory that is mounted from this machine', async () => {
    const place = await volume('place')
    const target = await volume('place-copy')
    writeFileSync(join(place.mountpoint, 'file'), 'in a directory')
    const bind = { kind: 'bind', source: place.mountpoint, service: null, path: '/d' } as const
    for (const [mountpoints, way] of [
      [true, 'mountpoint'],
      [false, 'api'],
    ] as const) {
      const engine = await engineFor({ mountpoints })
      expect((await copy(engine, engine, bind, target.name))[0]).toBe(way)
      expect(readdirSync(target.mountpoint)).toEqual(['file'])
      await engine.emptyVolume(target.name)
      expect(readdirSync(target.mountpoint)).toEqual([])
    }
  })

  test('an anonymous one, addressed by container and path', async () => {
    const source = await volume('named')
    writeFileSync(join(source.mountpoint, 'file'), 'x')
    const id = await docker('create', '-v', '/data', 'busybox')
    onTestFinished(async () => void (await docker('rm', '-fv', id)))
    const engine = await engineFor()
    const out = await engine.openSource(source.holding, nothingUses)
    const into = await engine.openSink({ kind: 'container', id, path: '/data' })
    await pour(out, into)
    await Promise.all([out.close(), into.close()])
    const found = await engine.container(id)
    const mount = found?.mounts.find(each => each.destination === '/data')
    expect(readdirSync(mount?.source ?? '')).toEqual(['file'])
    await expect(engine.openSink({ kind: 'container', id, path: '/elsewhere' })).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining('/elsewhere') },
    })
  })
})

describe('emptying a volume', () => {
  test('through the API, unused: made anew with its labels', async () => {
    const full = await volume('full', ['--label', 'kept=yes'])
    writeFileSync(join(full.mountpoint, 'file'), 'x')
    const engine = await engineFor({ mountpoints: false })
    await engine.emptyVolume(full.name)
    expect(readdirSync(full.mountpoint)).toEqual([])
    expect((await engine.volume(full.name))?.labels).toEqual({ kept: 'yes' })
  })

  test('through the API, held by a stopped container: by a program of an image that is there', async () => {
    const full = await volume('held')
    await fillNastily(full.mountpoint)
    const id = await docker('create', '-v', `${full.name}:/d`, 'busybox')
    onTestFinished(async () => void (await docker('rm', '-f', id)))
    const engine = await engineFor({ mountpoints: false })
    await engine.emptyVolume(full.name)
    expect(readdirSync(full.mountpoint)).toEqual([])
    expect(await docker('ps', '-aq', '--no-trunc', '--filter', `volume=${full.name}`)).toBe(id)
  })

  test('at the mountpoint, with names that hurt', async () => {
    const full = await volume('nasty-empty')
    await fillNastily(full.mountpoint)
    const engine = await engineFor()
    await engine.emptyVolume(full.name)
    expect(readdirSync(full.mountpoint)).toEqual([])
  })
})

describe('bad luck', () => {
  test('a volume that is gone, or another one by now: said, and nothing is created in its place', async () => {
    const engine = await engineFor()
    const gone = {
      kind: 'volume',
      name: 'sc-docker-never-was',
      createdAt: '2026-01-01T00:00:00.000Z',
    } as const
    await expect(engine.openSource(gone, nothingUses)).rejects.toMatchObject({
      failure: { reason: 'not-possible' },
    })
    await expect(engine.openSink({ kind: 'volume', name: gone.name })).rejects.toMatchObject({
      failure: { reason: 'not-possible' },
    })
    const replaced = await volume('replaced')
    await expect(
      engine.openSource({ ...replaced.holding, createdAt: gone.createdAt }, nothingUses),
    ).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining(replaced.name) },
    })
    expect(await engine.volume(gone.name)).toBeNull()
  })

  test('nobody can remove a volume while it is copied', async () => {
    const source = await volume('wanted')
    const engine = await engineFor()
    const out = await engine.openSource(source.holding, nothingUses)
    await expect(docker('volume', 'rm', source.name)).rejects.toThrow('in use')
    await out.close()
    await docker('volume', 'rm', source.name)
  })

  test('what lies at the mountpoint vanishes in the middle: the archive is not whole', async () => {
    const source = await volume('vanishing')
    for (let index = 0; index < 200; index++)
      writeFileSync(join(source.mountpoint, `f${index}`), Buffer.alloc(100_000))
    const engine = await engineFor()
    const out = await engine.openSource(source.holding, nothingUses)
    const { stream, done } = await out.open()
    stream.once('data', () => execFileSync('sh', ['-c', `rm -rf ${source.mountpoint}/f*`]))
    for await (const _ of stream);
    await expect(done).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    await out.close()
  })

  test.each(['out', 'in'] as const)('the engine breaks off on the way %s', async way => {
    const source = await volume('cut')
    writeFileSync(join(source.mountpoint, 'file'), Buffer.alloc(30_000_000, 'x'))
    let cutting = false
    const flaky = await proxy('tcp', (request, response) => {
      const archive = request.url?.includes('/archive') === true
      if (!cutting || !archive || request.method !== (way === 'out' ? 'GET' : 'PUT')) return false
      if (way === 'out') {
        response.writeHead(200, { 'Content-Type': 'application/x-tar' })
        response.write(Buffer.alloc(1_000_000))
        setTimeout(() => response.destroy(), 50)
      } else {
        request.once('data', () => request.destroy())
      }
      return true
    })
    const engine = await engineFor({ flags: { host: flaky } })
    cutting = true
    if (way === 'out') {
      const out = await engine.openSource(source.holding, nothingUses)
      const { stream, done } = await out.open()
      await expect(
        (async () => {
          for await (const _ of stream);
        })(),
      ).rejects.toMatchObject({ failure: { reason: 'engine-unreachable', host: flaky } })
      await expect(done).rejects.toMatchObject({ failure: { reason: 'engine-unreachable' } })
      await out.close()
    } else {
      const target = await volume('cut-copy')
      const direct = await engineFor()
      await expect(copy(direct, engine, source.holding, target.name)).rejects.toMatchObject({
        failure: { reason: 'engine-unreachable', host: flaky },
      })
    }
    expect(await docker('ps', '-aq', '--filter', `volume=${source.name}`)).toBe('')
  })

  test('an archive that ends early never counts', async () => {
    const target = await volume('half')
    for (const mountpoints of [true, false]) {
      const engine = await engineFor({ mountpoints })
      const into = await engine.openSink({ kind: 'volume', name: target.name })
      const { stream, done } = await into.open()
      stream.on('error', () => {})
      const tar = execFileSync('tar', ['-C', '/etc', '-cf', '-', 'passwd'])
      stream.write(tar.subarray(0, 700))
      stream.end()
      await expect(done).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
      await into.close()
    }
  })

  test('a writer that gives up in the middle leaves no helper', async () => {
    const target = await volume('given-up')
    const engine = await engineFor({ mountpoints: false })
    const into = await engine.openSink({ kind: 'volume', name: target.name })
    const { stream, done } = await into.open()
    stream.on('error', () => {})
    stream.write(Buffer.alloc(512 * 100))
    stream.destroy(new Error('enough'))
    await expect(done).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    await into.close()
    expect(await docker('ps', '-aq', '--filter', `volume=${target.name}`)).toBe('')
  })
})

describe('which way is taken', () => {
  test('the mountpoint only over a socket whose engine is proven to be this machine', async () => {
    const source = await volume('proof')
    const kind = async (host: string | null): Promise<Way> => {
      const engine = await engineFor(host === null ? {} : { flags: { host } })
      const out = await engine.openSource(source.holding, nothingUses)
      await out.close()
      return out.kind
    }
    expect(await kind(null)).toBe('mountpoint')
    expect(await kind(await proxy('socket'))).toBe('mountpoint')
    expect(await kind(await proxy('tcp'))).toBe('api')
    const elsewhere = await proxy('socket', (request, _response, passOn) => {
      if (request.url?.includes('/volumes') !== true) return false
      passOn(body => body.replaceAll(/"Mountpoint":"/g, '"Mountpoint":"/another/machine'))
      return true
    })
    expect(await kind(elsewhere)).toBe('api')
    expect(await docker('volume', 'ls', '-q', '--filter', 'name=safe-compose-scratch')).toBe('')
  })
})
