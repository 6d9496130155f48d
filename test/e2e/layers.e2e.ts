import { randomBytes } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { describeTree, engineFor, nothingUses, pour } from './docker-world.ts'
import { composeHas, eventually, executable, isV1, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

/**
 * Data outside of named volumes: in a container's own writable layer, in anonymous volumes that `run` and `scale` leave
 * behind, in a directory that `bridge convert` deletes. Each is lost with the bare Compose first; then it is saved, and
 * `undo` brings it back.
 */
const hasBridge = composeHas('2.37')

const stays = `command: ["sh", "-c", "mkdir -p /qdrant/storage; trap 'exit 0' TERM; while true; do sleep 0.1; done"]`

/** A known store whose image declares no volume, made from busybox. */
async function storeImage(repository = 'qdrant'): Promise<string> {
  const image = `sct${randomBytes(4).toString('hex')}/${repository}`
  const project = await scenario('services: {}\n')
  const made = await project.docker(['create', '--name', project.name, 'busybox', 'true'])
  expect(made.code, made.stderr).toBe(0)
  const tar = join(project.directory, 'root.tar')
  for (const words of [
    ['export', '-o', tar, project.name],
    ['import', tar, image],
    ['rm', project.name],
  ]) {
    const { code, stderr } = await project.docker(words)
    expect(code, stderr).toBe(0)
  }
  rmSync(tar)
  onTestFinished(async () => void (await project.docker(['rmi', '-f', image])))
  return image
}

function keeper(image: string, value: string, more = ''): string {
  return `
services:
  keeper: { image: ${image}, ${stays}, environment: { A: "${value}" }${more} }
`
}

async function ok(run: Promise<Ended>): Promise<string> {
  const { code, stderr } = await run
  expect(code, stderr).toBe(0)
  return stderr
}

const storage = '/qdrant/storage'

/** Hard links, setuid, a name of 255 bytes, foreign owners, old times. */
const fill = [
  `cd ${storage}`,
  'mkdir -p deep/er',
  'echo kept > word',
  'ln word deep/twin',
  'ln -s ../word deep/er/link',
  'ln -s ../../outside out',
  'echo run > deep/tool',
  'chown 1234:4321 deep/tool',
  'chmod 6755 deep/tool',
  'mkfifo pipe',
  'head -c 300000 /dev/urandom > blob',
  'echo long > $(printf "%0255d" 7)',
  'touch -d "2020-02-02 02:02:02" word',
  'chmod 710 .',
  'chown 1000:1000 .',
].join(' && ')

/** Everything about every file but its inode; link counts tell hard links. */
const describeAll = `cd ${storage} && find . | sort | while read -r f; do stat -c '%n %F %a %u:%g %h %s' "$f"; [ -f "$f" ] && sha256sum "$f" && stat -c %Y "$f"; [ -L "$f" ] && readlink "$f"; done; true`

async function look(project: Scenario): Promise<string> {
  // The size of a directory is the file system's own business.
  const text = await project.inside(
    'keeper',
    `[ -e ${storage}/word ] || { echo nothing; exit; }; ${describeAll}`,
  )
  return text.replaceAll(/( directory \d+ \d+:\d+ )\d+ \d+/g, '$1')
}

describe('writable-layer', () => {
  test.each([
    ['down', ['down']],
    ['rm', ['rm', '-fs']],
    ['a changed line of the file', ['up', '-d']],
  ])('%s throws it away: it is copied cold before, and undo puts it into the container', async (_, words) => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', fill)
    const change = (value: string): Promise<void> =>
      words[0] === 'up' ? project.write('compose.yaml', keeper(image, value)) : Promise.resolve()
    await change('2')
    await ok(project.bare(words))
    await ok(project.bare(['up', '-d']))
    expect(await look(project), 'the bare command must lose it').toBe('nothing')

    await project.inside('keeper', fill)
    const before = await look(project)
    await change('3')
    const said = await ok(project.safe(words))
    expect(said).toContain(`keeper:${storage}`)
    expect(said).toContain('safe-compose undo')
    const undo = await ok(project.safe(['undo']))
    expect(await look(project), undo).toBe(before)
    expect((await project.containers()).join()).toMatch(/keeper.1 running$/)
  })

  test('what came since is saved, and what is put back is not mixed with it', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo old > ${storage}/word; echo old > ${storage}/only-old`)
    await ok(project.safe(['up', '-d', '--force-recreate']))
    await project.inside('keeper', `echo new > ${storage}/word; echo new > ${storage}/only-new`)
    await ok(project.safe(['undo']))
    expect(await project.inside('keeper', `cd ${storage}; cat word; ls`)).toBe('old\nonly-old\nword')
    const { stdout } = await project.safe(['backups', '--json'])
    const safety = (JSON.parse(stdout) as { id: string; reason: string }[]).find(
      point => point.reason === 'safety',
    )
    await ok(project.safe(['restore', safety?.id ?? '', '--volume', `keeper:${storage}`]))
    expect(await project.inside('keeper', `cd ${storage}; cat word; ls`)).toBe('new\nonly-new\nword')
  })

  test('the file has changed since: undo says how to go on, and then puts it into the new container', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo kept > ${storage}/word`)
    await ok(project.safe(['down']))
    await project.write('compose.yaml', keeper(image, '2'))
    const first = await project.safe(['undo'])
    expect(first.code, first.stderr).toBe(1)
    expect(first.stderr).toContain('not everything is back')
    const again = /then the rest: {2}safe-compose (undo \S+)/.exec(first.stderr)?.[1]?.split(' ') ?? []
    await ok(project.safe(['up', '-d']))
    await ok(project.safe(again))
    expect(await project.inside('keeper', `cat ${storage}/word`)).toBe('kept')
  })

  test('a volume is put on the path: undo brings the data into the volume', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo kept > ${storage}/word`)
    await project.write(
      'compose.yaml',
      `${keeper(image, '1', `, volumes: ["data:${storage}"]`)}volumes: { data: {} }\n`,
    )
    await ok(project.safe(['up', '-d']))
    expect(await project.inside('keeper', `ls ${storage}`)).toBe('')
    await ok(project.safe(['undo']))
    expect(await project.inside('keeper', `cat ${storage}/word`)).toBe('kept')
    expect(await project.volumes()).toEqual([`${project.name}_data`])
  })

  test('what is mounted inside of it is neither copied nor touched', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1', `, volumes: ["./boards:${storage}/boards"]`), {
      files: { 'boards/board': 'a board\n' },
    })
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo kept > ${storage}/word`)
    await ok(project.safe(['down']))
    const [file] = readdirSync(project.store, { recursive: true })
      .map(String)
      .filter(path => /volumes\/keeper.*\.tar\.(zst|gz)$/.test(path))
    const manifest = join(project.store, file ?? '', '../../manifest.json')
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({
      holdings: [{ kept: { tar: { files: 1 } }, consistency: 'cold', volume: null }],
    })
    await project.write('boards/board', 'a newer board\n')
    await ok(project.safe(['undo']))
    expect(await project.inside('keeper', `cat ${storage}/word ${storage}/boards/board`)).toBe(
      'kept\na newer board',
    )
    const replaced = await project.safe(['up', '-d', '--force-recreate'])
    expect(replaced.code, replaced.stderr).toBe(0)
    await project.inside('keeper', `echo new > ${storage}/new`)
    const refused = await project.safe(['undo'])
    expect(refused.code, refused.stderr).toBe(1)
    expect(refused.stderr).toContain(`docker rm -f`)
    expect(await project.inside('keeper', `ls ${storage}; cat ${storage}/boards/board`)).toBe(
      'boards\nnew\na newer board',
    )
  })

  test.skipIf(isV1)(
    'of two containers only the one that goes is stopped, and comes back with its own',
    async () => {
      const image = await storeImage()
      const project = await scenario(keeper(image, '1'))
      await ok(project.bare(['up', '-d', '--scale', 'keeper=2']))
      const mark = (number: number): Promise<Ended> =>
        project.docker([
          'exec',
          `${project.name}-keeper-${number}`,
          'sh',
          '-c',
          `echo ${number} > ${storage}/word`,
        ])
      await ok(mark(1))
      await ok(mark(2))
      const said = await ok(project.safe(['up', '-d', '--scale', 'keeper=1']))
      expect(said).toContain(`keeper-2:${storage}`)
      const first = await project.docker(['exec', `${project.name}-keeper-1`, 'cat', `${storage}/word`])
      expect(first.stdout).toBe('1\n')
      await ok(project.safe(['undo']))
      const second = await project.docker(['exec', `${project.name}-keeper-2`, 'cat', `${storage}/word`])
      expect(second.stdout, second.stderr).toBe('2\n')
    },
  )

  test('an agent is refused, and nothing is changed; a store that wrote nothing is not at stake', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo kept > ${storage}/word`)
    const refused = await project.safe(['down'], { variables: { CLAUDECODE: '1' } })
    expect(refused.code, refused.stderr).toBe(120)
    expect(await project.inside('keeper', `cat ${storage}/word`)).toBe('kept')
    await project.inside('keeper', `rm ${storage}/word`)
    await ok(project.bare(['stop']))
    const empty = await project.safe(['down'])
    expect(empty.code, empty.stderr).toBe(0)
    expect(empty.stderr).not.toContain('saved ')
  })

  test('a person without the program gets it back by the store’s README', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo kept > ${storage}/word; chown -R 7:8 ${storage}`)
    await ok(project.safe(['down']))
    const points = JSON.parse((await project.safe(['backups', '--json'])).stdout) as { path: string }[]
    const folder = points[0]?.path ?? ''
    const [archive = ''] = readdirSync(join(folder, 'volumes'))
    const readme = readFileSync(join(project.store, 'README.md'), 'utf8')
    const [block = ''] =
      /(?: {4}.*\n)+/.exec(readme.slice(readme.indexOf('What lay in a container itself'))) ?? []
    const [up = '', ...lines] = block.trim().split('\n')
    const words = up.trim().replace('docker compose ', '').replace('db', 'keeper').split(' ')
    await ok(project.bare(words))
    const line = lines
      .join('\n')
      .replaceAll('shop-db-1', project.container('keeper'))
      .replaceAll('db_qdrant_storage.tar.zst', archive)
      .replaceAll('zstd -dc', archive.endsWith('.gz') ? 'gzip -dc' : 'zstd -dc')
    execFileSync('bash', ['-euo', 'pipefail', '-c', line], {
      cwd: folder,
      env: project.variables,
      stdio: 'ignore',
    })
    await ok(project.bare(['start', 'keeper']))
    expect(await project.inside('keeper', `cd ${storage}; cat word; stat -c %u:%g word`)).toBe('kept\n7:8')
  })

  test('backup on request takes it along, and restore puts it back', async () => {
    const image = await storeImage()
    const project = await scenario(keeper(image, '1'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', `echo first > ${storage}/word`)
    await ok(project.safe(['backup']))
    await project.inside('keeper', `echo second > ${storage}/word; echo late > ${storage}/late`)
    await ok(project.safe(['restore']))
    expect(await project.inside('keeper', `cd ${storage}; cat word; ls`)).toBe('first\nword')
    await ok(project.safe(['restore', '--volume', `keeper:${storage}`, '--to', `${project.name}_copy`]))
    const there = ['run', '--rm', '-v', `${project.name}_copy:/d`, 'busybox', 'cat', '/d/word']
    expect((await project.docker(there)).stdout).toMatch(/^(first|second)\n$/)
  })
})

describe('a kill -9 in the middle of undo', () => {
  /** Kills ours as soon as something but not everything is in the new container. */
  async function killedMidFill(project: Scenario): Promise<boolean> {
    const child = spawn(process.execPath, [executable, 'undo'], {
      cwd: project.directory,
      env: { ...project.variables },
      stdio: 'ignore',
      detached: true,
    })
    const ended = new Promise(resolve => child.on('close', resolve))
    let upper = ''
    while (child.exitCode === null) {
      if (upper === '') {
        const name = project.container('keeper')
        const format = '{{.GraphDriver.Data.UpperDir}}'
        upper = (await project.docker(['inspect', '-f', format, name])).stdout.trim()
      } else if (existsSync(join(upper, storage, '1'))) break
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    const hit = child.exitCode === null
    child.kill('SIGKILL')
    await ended
    return hit
  }

  test.each([
    ['up -d', ['up', '-d']],
    ['undo', ['undo']],
  ])(
    'of a layer: the next run (%s) finishes it',
    async (_, next) => {
      const image = await storeImage()
      const project = await scenario(keeper(image, '1'))
      await ok(project.bare(['up', '-d']))
      await project.inside(
        'keeper',
        `cd ${storage} && for i in 1 2 3 4 5 6; do head -c 30000000 /dev/urandom > $i; done; sha256sum 1 2 3 4 5 6 > sums`,
      )
      await ok(project.safe(['down']))
      expect(await killedMidFill(project), 'the kill must hit the middle').toBe(true)
      const said = await ok(project.safe(next))
      expect(said).toContain('died half way and was finished')
      expect(said).toContain(`keeper:${storage} was filled from`)
      const whole = await eventually(
        () => project.inside('keeper', `cd ${storage} && sha256sum -c sums; ls`),
        20,
      )
      expect(whole.split('\n').filter(line => line.endsWith(': OK'))).toHaveLength(6)
      expect(whole.split('\n').slice(6)).toEqual(['1', '2', '3', '4', '5', '6', 'sums'])
    },
    600_000,
  )
})

describe.skipIf(isV1)('run-anon', () => {
  const compose = (value: string): string => `
services:
  keeper: { image: busybox, ${stays}, volumes: [/data], environment: { A: "${value}" } }
  job: { image: busybox, command: "true", depends_on: [keeper] }
`
  const word = (project: Scenario): Promise<string> =>
    project.inside('keeper', 'cat /data/word 2>/dev/null || echo nothing')

  test.each([
    ['run', ['run', '--rm', 'job']],
    ['scale', ['scale', 'keeper=1']],
  ])(
    '%s recreates without the anonymous volume: copied before, and undo fills the new one',
    async (_, words) => {
      const project = await scenario(compose('1'))
      await ok(project.bare(['up', '-d', 'keeper']))
      await project.inside('keeper', 'echo kept > /data/word')
      await project.write('compose.yaml', compose('2'))
      const bare = await project.bare(words)
      expect(bare.code, bare.stderr).toBe(0)
      expect(await word(project), 'the bare command must lose it').toBe('nothing')

      await project.inside('keeper', 'echo kept > /data/word')
      await project.write('compose.yaml', compose('3'))
      const said = await ok(project.safe(words))
      expect(said).toContain('safe-compose undo')
      expect(await word(project)).toBe('nothing')
      await project.inside('keeper', 'echo new > /data/new')
      const undo = await ok(project.safe(['undo']))
      expect(await project.inside('keeper', 'cat /data/word; ls /data'), undo).toBe('kept\nword')
      const { stdout } = await project.safe(['backups', '--json'])
      expect((JSON.parse(stdout) as { reason: string }[]).map(({ reason }) => reason)).toContain('safety')
    },
  )
})

describe.skipIf(!hasBridge)('bridge-convert', () => {
  const named = `
services:
  keeper: { image: busybox, command: "true" }
`
  test.each(['absolute', 'relative'])(
    'its output directory (%s) is saved before, and undo puts it back',
    async kind => {
      const project = await scenario(named)
      const out = join(project.directory, 'out')
      const words = ['bridge', 'convert', ...(kind === 'absolute' ? ['-o', out] : [])]
      const make = (): void => {
        mkdirSync(join(out, 'deep'), { recursive: true })
        writeFileSync(join(out, 'deep', 'precious'), 'kept', { mode: 0o640 })
      }
      make()
      await project.bare(words)
      expect(existsSync(join(out, 'deep'))).toBe(false)
      rmSync(out, { recursive: true, force: true })

      make()
      const tree = describeTree(out)
      const safe = await project.safe(words)
      const bare = await project.bare(words)
      expect(safe.code, safe.stderr).toBe(bare.code)
      expect(safe.stderr).toContain('deletes')
      expect(safe.stderr).toContain('safe-compose undo')
      expect(existsSync(join(out, 'deep'))).toBe(false)
      mkdirSync(out, { recursive: true })
      writeFileSync(join(out, 'newer'), 'newer')
      const undo = await ok(project.safe(['undo']))
      expect(describeTree(out), undo).toEqual(tree)
      expect(readdirSync(project.directory).toSorted()).toEqual(['compose.yaml', 'out'])
      const { stdout } = await project.safe(['backups', '--json'])
      const safety = (JSON.parse(stdout) as { id: string; reason: string }[]).find(
        point => point.reason === 'safety',
      )
      await ok(project.safe(['restore', safety?.id ?? '']))
      expect(readdirSync(out)).toEqual(['newer'])
    },
  )

  test('an agent is refused; a link, `.` and an empty directory are not at stake', async () => {
    const project = await scenario(named, { files: { 'out/precious': 'kept', 'linked/precious': 'kept' } })
    const refused = await project.safe(['bridge', 'convert'], { variables: { CLAUDECODE: '1' } })
    expect(refused.code, refused.stderr).toBe(120)
    expect(readFileSync(join(project.directory, 'out/precious'), 'utf8')).toBe('kept')
    mkdirSync(join(project.directory, 'empty'))
    symlinkSync('linked', join(project.directory, 'link'))
    for (const path of ['.', 'empty', 'link']) {
      const { stderr } = await project.safe(['bridge', 'convert', '-o', path])
      expect(stderr, path).not.toContain('safe-compose:')
    }
    for (const path of ['out', 'linked'])
      expect(readFileSync(join(project.directory, path, 'precious'), 'utf8')).toBe('kept')
  })

  test('with the restore points inside of it nothing runs', async () => {
    const project = await scenario(named, { files: { 'out/precious': 'kept' } })
    const safe = await project.safe([
      '--safe-store',
      join(project.directory, 'out/store'),
      'bridge',
      'convert',
    ])
    expect(safe.code, safe.stderr).toBe(121)
    expect(safe.stderr).toContain('--safe-store DIR')
    expect(readFileSync(join(project.directory, 'out/precious'), 'utf8')).toBe('kept')
  })
})

describe('a directory of this machine goes round', () => {
  test.each([
    ['GNU tar', null],
    ['the way without it', '/nowhere'],
  ])('%s: owners, modes, times, links, names, the root; nothing mixed', async (_, path) => {
    const project = await scenario('services: {}\n')
    const from = join(project.directory, 'from')
    const to = join(project.directory, 'to')
    mkdirSync(join(from, 'a/b'), { recursive: true })
    const script = [
      'echo x > a/file',
      'ln a/file hard',
      'ln -s ../nowhere a/b/link',
      'chown 70:4000000 a/file',
      'echo s > a/setuid; chmod 6755 a/setuid',
      'mkdir closed; echo y > closed/y; chmod 0 closed',
      'echo long > $(printf "%0255d" 7)',
      `head -c 3000000 /dev/urandom > big`,
      "printf b > $(printf 'bytes-\\\\377')",
      'touch -d "2020-02-02 02:02:02.123456789" a/file a',
      'chown 999:998 .; chmod 3750 .',
    ].join('; ')
    execFileSync('sh', ['-ec', script], { cwd: from })
    mkdirSync(to)
    writeFileSync(join(to, 'present'), 'present')
    const engine = await engineFor(
      path === null ? {} : { variables: { ...inject('engine').env, HOME: '/root', PATH: path } },
    )
    const holding = { kind: 'directory', path: from, version: '' } as const
    const source = await engine.openSource(holding, nothingUses)
    const sink = await engine.openSink({ kind: 'directory', path: to })
    expect(source.command === null).toBe(path !== null)
    try {
      await pour(source, sink)
      expect(readdirSync(to)).toEqual(['present'])
      await sink.settle?.()
    } finally {
      await source.close()
      await sink.close()
    }
    expect(describeTree(to)).toEqual(describeTree(from))
    expect(statSync(join(to, 'hard')).ino).toBe(statSync(join(to, 'a/file')).ino)
    expect(readdirSync(project.directory).toSorted()).toEqual(['compose.yaml', 'from', 'to'])
  })
})
