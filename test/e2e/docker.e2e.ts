import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { executable, isV1, lines, runProgram, scenario } from './scenario.ts'
import type { Ended, RunOptions, Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'

/**
 * `safe-docker` on a real engine. Each command that destroys is shown to do so with the bare docker first; then it is
 * guarded, and `undo` brings the data back. The engine is shared: what prunes has a filter for this test's own things.
 */
const safeDocker = fileURLToPath(new URL('../../bin/safe-docker.js', import.meta.url))

const agent = { CLAUDECODE: '1' }

const shop = `
services:
  keeper: { image: busybox, command: sleep 600, stop_grace_period: 0s, volumes: ['data:/data'] }
  unnamed: { image: busybox, command: sleep 600, stop_grace_period: 0s, volumes: ['/data'] }
volumes: { data: {} }
`

function guarded(
  project: Scenario,
  words: readonly string[],
  { variables, ...options }: RunOptions = {},
): Promise<Ended> {
  return runProgram(process.execPath, [safeDocker, ...words], {
    directory: project.directory,
    ...options,
    variables: { ...project.variables, ...variables },
  })
}

async function ok(run: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await run
  expect(code, stderr).toBe(0)
  return `${stdout}${stderr}`
}

/** A volume of no project, whose name begins as the test's own. */
async function freeVolume(project: Scenario, end: string, word = 'kept'): Promise<string> {
  const name = `${project.name}${end}`
  await ok(project.docker(['volume', 'create', '--label', `sct=${project.name}`, name]))
  await writeInto(project, name, word)
  return name
}

async function writeInto(project: Scenario, volume: string, word: string): Promise<void> {
  await ok(
    project.docker(['run', '--rm', '-v', `${volume}:/d`, 'busybox', 'sh', '-c', `echo ${word} > /d/word`]),
  )
}

function wordIn(project: Scenario, volume: string): Promise<string> {
  return ok(project.docker(['run', '--rm', '-v', `${volume}:/d`, 'busybox', 'cat', '/d/word'])).then(text =>
    text.trim(),
  )
}

/** A container that nobody but this test knows, of no project. */
async function byHand(project: Scenario, words: readonly string[], image = 'busybox'): Promise<string> {
  const name = `${project.name}-hand`
  onTestFinished(async () => void (await project.docker(['rm', '-fv', name])))
  const more = ['--name', name, '--label', `sct=${project.name}`, '--stop-timeout', '0']
  await ok(project.docker(['run', '-d', ...more, ...words, image, 'sleep', '600']))
  return name
}

/** A known store whose image declares no volume: by its name it is one. */
async function storeImage(project: Scenario): Promise<string> {
  const image = `${project.name}/qdrant`
  await ok(project.docker(['tag', 'busybox', image]))
  onTestFinished(async () => void (await project.docker(['rmi', image])))
  return image
}

async function stands(project: Scenario, volume: string): Promise<boolean> {
  return (await project.docker(['volume', 'inspect', volume])).code === 0
}

describe('volume rm', () => {
  test('of a stopped project and of none: one restore point in each, and one undo for both', async () => {
    const project = await scenario(shop)
    const data = `${project.name}_data`
    const free = await freeVolume(project, 'free')
    const fill = async (): Promise<void> => {
      await ok(project.bare(['up', '-d']))
      await project.inside('keeper', 'echo kept > /data/word')
      await ok(project.bare(['down']))
    }
    await fill()
    await ok(project.docker(['volume', 'rm', data, free]))
    expect(await stands(project, data)).toBe(false)

    await fill()
    await freeVolume(project, 'free')
    const rm = await guarded(project, ['volume', 'rm', data, free])
    expect(rm.code, rm.stderr).toBe(0)
    expect(lines(rm.stdout)).toEqual([data, free].toSorted())
    expect(rm.stderr).toContain('safe-docker undo')
    expect(await project.volumes()).toEqual([])
    const [engine = ''] = (await readdir(project.store)).filter(name => name !== 'README.md')
    const kept = await readdir(join(project.store, engine))
    expect(kept.toSorted()).toEqual(['_volumes', project.name].toSorted())

    const undo = await guarded(project, ['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    expect(await wordIn(project, data)).toBe('kept')
    expect(await wordIn(project, free)).toBe('kept')
    const label = '{{index .Labels "com.docker.compose.volume"}}'
    expect((await ok(project.docker(['volume', 'inspect', '-f', label, data]))).trim()).toBe('data')
    const again = await guarded(project, ['undo'])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('already undone')
  })

  test('safe-compose undo in the project brings its part back', async () => {
    const project = await scenario(shop)
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', 'echo kept > /data/word')
    await ok(project.bare(['down']))
    await ok(guarded(project, ['volume', 'remove', '-f', `${project.name}_data`]))
    const undo = await project.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    expect(undo.stderr).toContain('undo `docker volume remove -f')
    expect(await wordIn(project, `${project.name}_data`)).toBe('kept')
  })

  test('one in use is docker’s to refuse, in its own words', async () => {
    const project = await scenario(shop)
    await ok(project.bare(['up', '-d']))
    const words = ['volume', 'rm', `${project.name}_data`]
    expect(await guarded(project, words)).toEqual(await project.docker(words))
    expect(await project.volumes()).toEqual([`${project.name}_data`])
  })

  test('where the backup fails nothing is removed', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    await writeFile(join(project.directory, 'file'), '')
    const store = { SAFE_COMPOSE_STORE: join(project.directory, 'file', 'store') }
    const rm = await guarded(project, ['volume', 'rm', free], { variables: store })
    expect(rm.code, rm.stderr).toBe(121)
    expect(await wordIn(project, free)).toBe('kept')
  })
})

describe('prune', () => {
  // Before 23 a prune takes named volumes as well, and knows no -a.
  const prunesNamed = Number.parseInt(inject('engine').version, 10) < 23
  const named = prunesNamed ? ['-f'] : ['-af']

  test('volume prune -a takes named volumes, and undo brings them back', async () => {
    const project = await scenario(shop)
    const mine = ['--filter', `label=sct=${project.name}`]
    const free = await freeVolume(project, 'free')
    await ok(project.docker(['volume', 'prune', ...named, ...mine]))
    expect(await stands(project, free)).toBe(false)

    await freeVolume(project, 'free')
    if (!prunesNamed) {
      const harmless = await guarded(project, ['volume', 'prune', '-f', ...mine])
      expect(harmless.stderr).toBe('')
      expect(await stands(project, free)).toBe(true)
    }
    expect(await ok(guarded(project, ['volume', 'prune', ...named, ...mine]))).toContain(`deletes ${free}`)
    expect(await stands(project, free)).toBe(false)
    await ok(guarded(project, ['undo']))
    expect(await wordIn(project, free)).toBe('kept')
  })

  test('system prune --volumes takes the stopped container, and then what it kept', async () => {
    const project = await scenario(shop)
    const mine = ['--filter', `label=sct=${project.name}`]
    const mount = ['--mount', `type=volume,dst=/data,volume-label=sct=${project.name}`]
    const fill = async (): Promise<string> => {
      const hand = await byHand(project, mount)
      await ok(project.docker(['exec', hand, 'sh', '-c', 'echo kept > /data/word']))
      await ok(project.docker(['stop', hand]))
      const volume = await ok(project.docker(['inspect', '-f', '{{(index .Mounts 0).Name}}', hand]))
      onTestFinished(async () => void (await project.docker(['volume', 'rm', volume.trim()])))
      return volume.trim()
    }
    const lost = await fill()
    await ok(project.docker(['system', 'prune', '-f', '--volumes', ...mine]))
    expect(await stands(project, lost)).toBe(false)

    const volume = await fill()
    const refused = await guarded(project, ['system', 'prune', '-f', '--volumes', ...mine], {
      variables: agent,
    })
    expect(refused.code, refused.stderr).toBe(120)
    expect(refused.stderr).toContain('docker system prune -f')
    await ok(guarded(project, ['system', 'prune', '-f', '--volumes', ...mine]))
    expect(await stands(project, volume)).toBe(false)
    await ok(guarded(project, ['undo']))
    expect(await wordIn(project, volume)).toBe('kept')
  })
})

describe('rm', () => {
  test('-v takes the anonymous volumes of a service: they come back into its new container', async () => {
    const project = await scenario(shop)
    const name = project.container('unnamed')
    const fill = async (): Promise<void> => {
      await ok(project.bare(['up', '-d']))
      await project.inside('unnamed', 'echo kept > /data/word')
    }
    await fill()
    await ok(project.docker(['rm', '-fv', name]))
    await ok(project.bare(['up', '-d']))
    await expect(project.inside('unnamed', 'cat /data/word')).rejects.toThrow('No such file')

    await fill()
    expect(await ok(guarded(project, ['rm', '-fv', name]))).toContain('unnamed:/data')
    expect((await project.containers()).join()).not.toContain('unnamed')
    await ok(guarded(project, ['undo']))
    expect(await project.inside('unnamed', 'cat /data/word')).toBe('kept')
  })

  test('-v of a container made by hand: what it kept comes back as a volume, and how to mount it is said', async () => {
    const project = await scenario(shop)
    const hand = await byHand(project, ['-v', '/data'])
    await ok(project.docker(['exec', hand, 'sh', '-c', 'echo kept > /data/word']))
    const running = await guarded(project, ['rm', '-v', hand])
    expect(running).toEqual(await project.docker(['rm', '-v', hand]))
    await ok(guarded(project, ['container', 'rm', '--force', '--volumes', hand]))
    const undo = await ok(guarded(project, ['undo']))
    expect(undo).toContain(`docker run -v ${hand}-data:/data …`)
    expect(await wordIn(project, `${hand}-data`)).toBe('kept')
  })

  test('of a container that keeps data in itself, and prune of it', async () => {
    const project = await scenario(shop)
    const image = await storeImage(project)
    const fill = async (): Promise<string> => {
      const hand = await byHand(project, [], image)
      const line = 'mkdir -p /qdrant/storage && echo kept > /qdrant/storage/word'
      await ok(project.docker(['exec', hand, 'sh', '-c', line]))
      await ok(project.docker(['stop', hand]))
      return hand
    }
    const hand = await fill()
    await ok(project.docker(['rm', hand]))
    const prune = ['container', 'prune', '-f', '--filter', `label=sct=${project.name}`]
    for (const [words, volume] of [
      [['rm', hand], `${hand}-storage`],
      [prune, `${hand}-storage-2`],
    ] as const) {
      await fill()
      const refused = await guarded(project, words, { variables: agent })
      expect(refused.code, refused.stderr).toBe(120)
      await ok(guarded(project, words))
      expect((await project.docker(['inspect', hand])).code).toBe(1)
      await ok(guarded(project, ['undo']))
      expect(await wordIn(project, volume)).toBe('kept')
    }
  })
})

describe('who asks', () => {
  test('a coding agent is refused; a person lets exactly that through, once', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    const spellings = [
      ['volume', 'rm', free],
      ['volume', '--', 'x', 'rm', free],
      ['-D', 'volume', 'remove', '--force', free],
      ['--safe-yes', 'volume', 'rm', free],
      ['--safe-no-backup', '--safe-allow', 'docker-volume-removed', 'volume', 'rm', free],
      ['volume', 'prune', '-af', '--filter', `label=sct=${project.name}`],
    ]
    for (const words of spellings) {
      const refused = await guarded(project, words, { variables: agent })
      expect(refused.code, `${words.join(' ')}: ${refused.stderr}`).toBe(120)
    }
    const off = await guarded(project, ['volume', 'rm', free], {
      variables: { ...agent, SAFE_COMPOSE: 'off' },
    })
    expect(off.code).toBe(120)
    const code = /safe-compose approve (\S+)/.exec(off.stderr)?.[1] ?? ''
    const person = onTerminal(process.execPath, [executable, 'approve', code], project)
    await person.sees('Let `safe-docker volume rm')
    person.types(`y${keys.enter}`)
    expect((await person.ended).code).toBe(0)
    await ok(guarded(project, ['volume', 'rm', free], { variables: agent }))
    expect(await stands(project, free)).toBe(false)
    await ok(guarded(project, ['undo'], { variables: agent }))
    expect(await wordIn(project, free)).toBe('kept')
  })

  test('a person is asked, and may stop', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    const type = (): ReturnType<typeof onTerminal> =>
      onTerminal(process.execPath, [safeDocker, 'volume', 'rm', free], project)
    const stops = type()
    await stops.sees('this deletes 1 volume\r')
    await stops.sees('What now?')
    stops.types(keys.ctrlC)
    expect((await stops.ended).code).toBe(130)
    expect(await wordIn(project, free)).toBe('kept')
    const goes = type()
    await goes.sees('undo later with: safe-docker undo')
    goes.types(keys.enter)
    await goes.sees('Bring it back with: safe-docker undo')
    expect((await goes.ended).code).toBe(0)
    expect(await stands(project, free)).toBe(false)
  })

  test('a dry run tells and does nothing', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    const dry = await guarded(project, ['--safe-dry-run', 'volume', 'rm', free])
    expect(dry.code, dry.stderr).toBe(0)
    expect(dry.stderr).toContain('1 destroyed; 1 backup first; then docker runs')
    expect(await wordIn(project, free)).toBe('kept')
  })
})

describe('what is only said', () => {
  test('volume create under a remembered name with other options, once', async () => {
    const project = await scenario(shop)
    const name = `${project.name}bound`
    const folder = join(project.directory, 'bound')
    await mkdir(folder)
    const options = ['-o', 'type=none', '-o', 'o=bind', '-o', `device=${folder}`]
    await ok(project.docker(['volume', 'create', ...options, name]))
    await writeInto(project, name, 'kept')
    await ok(guarded(project, ['volume', 'rm', name]))
    const made = await guarded(project, ['volume', 'create', name])
    expect(made).toMatchObject({ code: 0, stdout: `${name}\n` })
    expect(made.stderr).toContain(`warning: ${name} is in restore point`)
  })

  test('run --rm of a database that nothing keeps', async () => {
    const project = await scenario(shop)
    const image = await storeImage(project)
    const run = await guarded(project, ['run', '--rm', image, '-c', 'true'])
    expect(run.stderr).toContain('--rm deletes')
    const client = await guarded(project, ['run', '--rm', image, 'true'])
    expect(client).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })
})

describe('everything else goes straight through', () => {
  test('with the bytes and the exit code of docker', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    const harmless = [
      ['volume', 'inspect', free],
      ['volume', 'ls', '-q', '--filter', `name=${free}`],
      ['-c', 'no-such-context', 'ps'],
      ['inspect', 'no-such-thing'],
      ['version', '--format', '{{.Client.Version}}'],
      ['--version'],
      ['volume', 'rm'],
      ['volume', 'rm', '--help'],
      ['volume', 'rm', '--bogus', 'no-such-volume'],
      ['volume', 'rm', 'no-such-volume'],
      ['rm', 'no-such-container'],
      ['no-such-command', 'volume'],
      ['volume', 'no-such-command'],
      ['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'],
      ['context', 'use', 'no-such-context'],
      ['help', 'volume', 'rm'],
      [],
    ]
    for (const words of harmless) {
      expect(await guarded(project, words), words.join(' ')).toEqual(
        await project.docker(words, { directory: project.directory }),
      )
    }
    const input = { input: 'some\0bytes\n' }
    const cat = ['run', '-i', '--rm', 'busybox', 'cat']
    expect(await guarded(project, cat, input)).toEqual(await project.docker(cat, input))
  })

  // Version 1 is no plugin of docker's.
  test.skipIf(isV1)('compose … is guarded as safe-compose guards it', async () => {
    const project = await scenario(shop)
    await ok(guarded(project, ['compose', 'up', '-d']))
    await project.inside('keeper', 'echo kept > /data/word')
    expect((await guarded(project, ['compose', 'ps', '-q'])).stdout).toBe(
      (await project.docker(['compose', 'ps', '-q'], { directory: project.directory })).stdout,
    )
    const refused = await guarded(project, ['compose', 'down', '-v'], { variables: agent })
    expect(refused.code, refused.stderr).toBe(120)
    await ok(guarded(project, ['compose', 'down', '-v']))
    expect(await project.volumes()).toEqual([])
    await ok(guarded(project, ['compose', 'undo']))
    expect(await wordIn(project, `${project.name}_data`)).toBe('kept')
  })

  test('a link or a script called docker that leads back to us is passed over', async () => {
    const project = await scenario(shop)
    const free = await freeVolume(project, 'free')
    const [links, scripts, hidden] = ['links', 'scripts', 'hidden'].map(name =>
      join(project.directory, name),
    ) as [string, string, string]
    for (const folder of [links, scripts, hidden]) await mkdir(folder)
    await symlink(safeDocker, join(links, 'docker'))
    await script(join(scripts, 'docker'), `exec ${process.execPath} ${safeDocker} "$@"`)
    await script(join(hidden, 'other'), `exec ${process.execPath} ${safeDocker} "$@"`)
    await script(join(hidden, 'docker'), `exec ${join(hidden, 'other')} "$@"`)
    const PATH = [links, scripts, hidden, project.variables['PATH']].join(':')
    const listed = await guarded(project, ['volume', 'ls', '-q', '--filter', `name=${free}`], {
      variables: { PATH },
    })
    expect(listed).toMatchObject({ code: 0, stdout: `${free}\n` })
    await ok(guarded(project, ['volume', 'rm', free], { variables: { PATH } }))
    const named = { SAFE_COMPOSE_DOCKER: join(links, 'docker') }
    const refused = await guarded(project, ['ps'], { variables: named })
    expect(refused.code).toBe(127)
    expect(refused.stderr).toContain('it leads back to safe-docker')
    const none = await guarded(project, ['ps'], { variables: { PATH: links } })
    expect(none.code).toBe(127)
    expect(none.stderr).toContain('no docker was found')
  })

  test('our other words are named where they are', async () => {
    const project = await scenario(shop)
    const doctor = await guarded(project, ['doctor', '--json'])
    expect(doctor.code).toBe(123)
    expect(doctor.stderr).toContain('safe-compose doctor --json')
  })
})

async function script(path: string, line: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${line}\n`)
  await chmod(path, 0o755)
}
