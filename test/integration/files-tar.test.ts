import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyRedis } from '../../src/adapters/databases/copy-redis.ts'
import { sendingFiles, sentFiles } from '../../src/adapters/databases/files-tar.ts'
import { endingWithInput, endsWithInput } from '../../src/adapters/databases/hang-up.ts'
import type { Inside, InsideProcess } from '../../src/model/ports.ts'

/** The shell's half with a real shell, and tar to read what comes of it. */

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** As the engine starts a line: in a session of its own. */
function startHere(line: string, variables: Readonly<Record<string, string>> = {}): InsideProcess {
  const child = spawn('sh', ['-c', line], {
    cwd: folder,
    env: { PATH: `${folder}/bin:${process.env['PATH']}`, ...variables },
    detached: true,
  })
  const said = text(child.stderr)
  child.stdin.on('error', () => {})
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended: new Promise(resolve => {
      child.once('exit', code => void said.then(stderr => resolve({ code: code ?? 1, stderr })))
    }),
    hangUp: () => {
      child.stdin.destroy()
      child.stdout.destroy()
    },
  }
}

const here: Inside = {
  start: async (line, { variables = {} } = {}) => startHere(line, variables),
  run: async (line, { input = '', variables = {} } = {}) => {
    const program = startHere(line, variables)
    program.stdin.end(input)
    const [stdout, end] = await Promise.all([text(program.stdout), program.ended])
    return { ...end, stdout }
  },
  commandLine: async () => [],
}

/** What a tar holds, unpacked beside it. */
async function unpacked(tar: Buffer): Promise<string> {
  const into = join(folder, 'unpacked')
  await mkdir(into)
  const { exitCode, stderr } = await execa('tar', ['-x', '-p', '-C', into], { input: tar, reject: false })
  expect(exitCode, stderr).toBe(0)
  return into
}

async function whole(source: Awaited<ReturnType<typeof sentFiles>>): Promise<Buffer> {
  const { stream, done } = await source.open()
  const tar = await buffer(stream)
  await done
  return tar
}

describe('files that a shell sends', () => {
  const line = `${endsWithInput}${sendingFiles}
cd volume; echo ready; here .; here ./sub; send './sub/a file' <'./sub/a file'; send ./none <./none; sent`

  test('arrive with their modes and all their bytes', async () => {
    const bytes = Buffer.alloc(200_001, '\n. f 0\0')
    const long = `${'n'.repeat(90)}/${'m'.repeat(90)}`
    await mkdir(join(folder, 'volume/sub'), { recursive: true })
    await mkdir(join(folder, 'volume', 'n'.repeat(90)))
    await writeFile(join(folder, 'volume/sub/a file'), bytes, { mode: 0o640 })
    await writeFile(join(folder, 'volume/none'), '', { mode: 0o644 })
    await writeFile(join(folder, 'volume', long), 'far away')
    await chmod(join(folder, 'volume/sub'), 0o2750)
    const program = startHere(line.replace('; sent', `; send ./${long} <./${long}; sent`))
    const into = await unpacked(await whole(await sentFiles(program, { who: 'it', notes: [] })))
    expect(await readFile(join(into, 'sub/a file'))).toEqual(bytes)
    expect(await readFile(join(into, long), 'utf8')).toBe('far away')
    const { stdout } = await execa('stat', ['-c', '%a %s', 'sub', 'sub/a file', 'none'], { cwd: into })
    const [sub, ...files] = stdout.split('\n')
    expect(sub).toMatch(/^2750 /)
    expect(files).toEqual(['640 200001', '644 0'])
  })

  test('one that cannot be read to its end is no copy', async () => {
    const program = startHere(
      `${endsWithInput}${sendingFiles}echo ready; printf 'f 0 0 644 0 10 ./a\\n12345\\n'; sent`,
    )
    await expect(whole(await sentFiles(program, { who: 'it', notes: [] }))).rejects.toThrow()
  })

  test('what is not ready says why', async () => {
    const program = startHere(`${endsWithInput}echo 'no such thing' >&2; exit 1`)
    await expect(sentFiles(program, { who: 'it', notes: [] })).rejects.toMatchObject({
      failure: { what: 'it does not answer: no such thing' },
    })
  })

  test('a line whose input ends is ended, with all that it started', async () => {
    const program = startHere(`${endsWithInput}head -c 1000000000 /dev/zero; echo after > after`)
    program.stdout.pause()
    program.stdin.destroy()
    expect(await program.ended).not.toMatchObject({ code: 0 })
    expect(await readFile(join(folder, 'after'), 'utf8').catch(() => 'none')).toBe('none')
  })
})

describe('a program whose line has no input any more', () => {
  test('is ended, and the line goes on', async () => {
    const program = startHere(
      `${endingWithInput('head -c 1000000000 /dev/zero')}echo $code > code; exit $code`,
    )
    program.stdout.pause()
    program.stdin.destroy()
    expect(await program.ended).toMatchObject({ code: 143 })
    expect(await readFile(join(folder, 'code'), 'utf8')).toBe('143\n')
  })

  test.each([0, 3])(
    'one that ends by itself ends with %s, and nothing is left of what watched it',
    async code => {
      const program = startHere(
        `${endingWithInput(`(cat; echo done; exit ${code})`)}kill -0 $watcher 2>/dev/null && echo left; exit $code`,
      )
      expect(await text(program.stdout)).toBe('done\n')
      expect(await program.ended).toEqual({ code, stderr: '' })
    },
  )
})

describe('Redis before 7, whose log is one file', () => {
  const asking = { login: 'run() { redis-cli "$@"; }\n', variables: {}, who: 'Redis' }
  /** Version 6 is not to be had here: its answers, and a volume as it leaves one. */
  const client = `#!/bin/sh
case "$*" in
  info*) printf 'aof_enabled:1\\nrole:master\\ncluster_enabled:0\\nrdb_bgsave_in_progress:0\\naof_buffer_length:0\\nrdb_last_bgsave_status:ok\\n';;
  'config get dir') printf 'dir\\nVOLUME\\n';;
  'config get dbfilename') printf 'dbfilename\\ndump.rdb\\n';;
  'config get save') printf 'save\\n3600 1\\n';;
  'config get appendfilename') printf 'appendfilename\\nappendonly.aof\\n';;
  'config get aof-load-truncated') printf 'aof-load-truncated\\nyes\\n';;
  bgsave) echo snapshot > VOLUME/dump.rdb; echo 'Background saving started';;
esac
`
  test('its log, a fresh snapshot and what lies beside them', async () => {
    const volume = join(folder, 'volume')
    await mkdir(join(folder, 'bin'))
    await mkdir(volume)
    await writeFile(join(folder, 'bin/redis-cli'), client.replaceAll('VOLUME', volume), { mode: 0o755 })
    await writeFile(join(volume, 'appendonly.aof'), 'log')
    await writeFile(join(volume, 'temp-12.rdb'), 'half a snapshot')
    await writeFile(join(volume, 'mine'), 'mine')
    const place = {
      path: volume,
      shared: false,
      workshop: async () => {
        throw new Error('it needs none')
      },
    }
    const copy = await copyRedis(here, place, asking)
    if ('whyNot' in copy) throw new Error(copy.whyNot)
    const into = await unpacked(await whole(await copy.make(new AbortController().signal)))
    const { stdout } = await execa('sh', ['-c', 'for file in *; do echo "$file: $(cat $file)"; done'], {
      cwd: into,
    })
    expect(stdout.split('\n')).toEqual(['appendonly.aof: log', 'dump.rdb: snapshot', 'mine: mine'])
    expect(await copyRedis(here, { ...place, shared: true }, asking)).toEqual({
      whyNot: 'other containers write to its volume as well',
    })
  })
})
