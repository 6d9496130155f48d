import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { eventually, executable, isV1, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes: { data: {} }
`

async function filled(megabytes = 1, compose = service): Promise<Scenario> {
  const project = await scenario(compose)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await project.inside(
    'keeper',
    `head -c ${megabytes * 1_000_000} /dev/urandom > /data/bytes; cd /data; sha256sum bytes > sums`,
  )
  return project
}

async function nothingHappened(project: Scenario): Promise<void> {
  await eventually(
    async () => (await project.containers()).join() === `${project.container('keeper')} running`,
    15,
  )
  expect(await project.volumes()).toEqual([`${project.name}_data`])
  expect(await project.inside('keeper', 'cd /data && sha256sum -c sums')).toBe('bytes: OK')
}

function points(store: string): readonly string[] {
  return readdirSync(store, { recursive: true })
    .map(String)
    .filter(path => path.endsWith('manifest.json'))
    .map(path => join(store, path))
}

/** Starts ours without waiting for it. */
function begin(
  project: Scenario,
  words: readonly string[],
  variables: Record<string, string> = {},
): { ended: Promise<Ended>; pid: number } {
  const child = spawn(process.execPath, [executable, ...words], {
    cwd: project.directory,
    env: { ...project.variables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', text => (stdout += String(text)))
  child.stderr.on('data', text => (stderr += String(text)))
  const ended = new Promise<Ended>(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  )
  return { ended, pid: child.pid ?? 0 }
}

/** Until bytes of an archive are being written. */
function inTheCopy(store: string): Promise<void> {
  return untilThere(store, path => /\.partial\/volumes\/./.test(path))
}

function afterTheCopy(store: string): Promise<void> {
  return untilThere(store, path => path.endsWith('preflight-down/manifest.json'))
}

/** Looked at often: what is waited for does not last. */
async function untilThere(store: string, isIt: (path: string) => boolean): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    readdirSync(store, { recursive: true, encoding: 'utf8' }).some(isIt)
  await eventually(isThere, 60, 20)
}

/** Without the docker CLI, which takes longer to start than the moment lasts. */
async function startAtOnce(container: string): Promise<void> {
  const socketPath = inject('engine').host.replace('unix://', '')
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request({ socketPath, method: 'POST', path: `/containers/${container}/start` }, answer => {
      answer.resume().once('end', () => resolve(answer.statusCode))
    })
      .once('error', reject)
      .end()
  })
  expect(status, 'it stood still').toBe(204)
}

describe('a store that cannot be used', () => {
  test('that is a file: 121 with its name, nothing runs', async () => {
    const project = await filled()
    const store = join(project.directory, 'not-a-folder')
    writeFileSync(store, 'x')
    const run = await project.safe(['--safe-store', store, 'down', '-v'], {
      variables: { SAFE_COMPOSE_STORE: '' },
    })
    expect(run.code, run.stderr).toBe(121)
    expect(run.stderr).toContain(store)
    await nothingHappened(project)
  })

  test('that is read-only: 121, nothing runs', async () => {
    const project = await filled()
    const store = mountedFolder(project, 'ro', 'size=8m')
    execFileSync('mount', ['-o', 'remount,ro', store])
    const run = await project.safe(['down', '-v'], { variables: { SAFE_COMPOSE_STORE: store } })
    expect(run.code, run.stderr).toBe(121)
    expect(run.stderr).toContain(store)
    await nothingHappened(project)
  })

  test('that fills up in the middle: 121, what was stopped runs again, the half copy is gone', async () => {
    const project = await filled(40)
    const store = mountedFolder(project, 'small', 'size=24m')
    const run = await project.safe(['down', '-v'], { variables: { SAFE_COMPOSE_STORE: store } })
    expect(run.code, run.stderr).toBe(121)
    expect(run.stderr).toMatch(/space|room|free/)
    expect(run.stderr).toContain('--safe-store')
    await nothingHappened(project)
    expect(points(store)).toEqual([])
  })
})

function mountedFolder(project: Scenario, name: string, options: string): string {
  const folder = join(project.directory, '..', name)
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
  })
  return folder
}

describe('archives and manifests that are not what they were', () => {
  test.each([
    ['cut short', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['altered by one byte', (path: string) => flipByte(path)],
  ])('an archive %s is never restored: the volume stays as it is', async (_, damage) => {
    const project = await filled()
    expect((await project.safe(['backup'])).code).toBe(0)
    const [manifest = ''] = points(project.store)
    const folder = join(manifest, '..', 'volumes')
    for (const name of readdirSync(folder)) damage(join(folder, name))
    const restore = await project.safe(['restore'])
    expect(restore.code, restore.stderr).toBe(1)
    await nothingHappened(project)
  })

  test('a manifest from the future is refused by its number', async () => {
    const project = await filled()
    expect((await project.safe(['backup'])).code).toBe(0)
    const [manifest = ''] = points(project.store)
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"format": ?1/, '"format": 99'))
    const id = manifest.split('/').at(-2) ?? ''
    const restore = await project.safe(['restore', id])
    expect(restore.code, restore.stderr).toBe(1)
    expect(restore.stderr).toContain('99')
    await nothingHappened(project)
  })
})

function flipByte(path: string): void {
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
}

describe('somebody else at the same time', () => {
  test('two runs of down -v: one does it, the other says who holds the lock, nothing is lost', async () => {
    const project = await filled(60)
    const runs = await Promise.all([
      begin(project, ['down', '-v']).ended,
      begin(project, ['down', '-v']).ended,
    ])
    const codes = runs.map(run => run.code)
    expect(codes, runs.map(run => run.stderr).join('\n')).toContain(0)
    expect(
      codes.every(code => [0, 120, 121].includes(code ?? -1)),
      codes.join(),
    ).toBe(true)
    const undo = await project.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    await nothingHappened(project)
  })

  test.each([
    ['during the copy', inTheCopy],
    ['between the copy and the command', afterTheCopy],
  ])('a container that is started %s makes the copy worthless: nothing is deleted', async (_, moment) => {
    const project = await filled(120)
    const run = begin(project, ['down', '-v'])
    await moment(project.store)
    await startAtOnce(project.container('keeper'))
    const { code, stderr } = await run.ended
    expect(code, stderr).toBe(121)
    expect(stderr).toContain(`${project.container('keeper')} was started`)
    await nothingHappened(project)
  })

  test('a volume that another project uses is not counted as lost, and stays', async () => {
    const project = await filled()
    const name = `${project.name}-other`
    const other = await project.docker([
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${project.name}_data:/d`,
      'busybox',
      'sleep',
      '600',
    ])
    expect(other.code, other.stderr).toBe(0)
    onTestFinished(async () => void (await project.docker(['rm', '-f', name])))
    const down = await project.safe(['down', '-v'])
    // Version 1 calls it a failure that the volume is in use.
    expect(down.code, down.stderr).toBe(isV1 ? 1 : 0)
    expect(await project.volumes()).toEqual([`${project.name}_data`])
    const restore = await project.safe(['restore'])
    expect(restore.code).toBe(1)
  })
})

describe('volumes and names that are not plain', () => {
  test('a volume that is a bind of a directory: the directory survives, and so does our silence about its content', async () => {
    const project = await scenario(
      `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes:
  data: { driver: local, driver_opts: { type: none, o: bind, device: "\${PWD}/bound" } }
`,
    )
    mkdirSync(join(project.directory, 'bound'))
    const variables = { PWD: project.directory }
    expect((await project.bare(['up', '-d'], { variables })).code).toBe(0)
    await project.inside('keeper', 'echo kept > /data/file')
    const down = await project.safe(['down', '-v'], { variables })
    expect(down.code, down.stderr).toBe(0)
    expect(readFileSync(join(project.directory, 'bound', 'file'), 'utf8')).toBe('kept\n')
    const undo = await project.safe(['undo'], { variables })
    expect([0, 1], undo.stderr).toContain(undo.code)
    expect(readFileSync(join(project.directory, 'bound', 'file'), 'utf8')).toBe('kept\n')
  })

  test('files with newlines, escapes, long names, links and modes come back as they were', async () => {
    const project = await filled()
    await project.inside(
      'keeper',
      [
        'cd /data',
        `touch "$(printf 'new\\nline')" "$(printf '\\033[31mred')" 'with space'`,
        `touch $(printf 'n%.0s' $(seq 1 255))`,
        'mkdir -p deep; cd deep',
        `for i in $(seq 1 19); do mkdir $(printf 'd%.0s' $(seq 1 100)); cd $(printf 'd%.0s' $(seq 1 100)); done; echo deep > end; cd /data`,
        'echo one > first; ln first second; ln -s first third; mkfifo pipe',
        'chmod 4755 first; chown 1234:4321 "with space"; chmod 1777 .; chown 70:71 .',
        'dd if=/dev/zero of=holes bs=1 count=1 seek=300000000 2>/dev/null',
      ].join('\n'),
    )
    const listing =
      'cd /data && find . -exec stat -c "%n %a %u:%g %s %Y %h %F" {} + | sort && cat deep/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/end && readlink third'
    const before = await project.inside('keeper', listing)
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    const undo = await project.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    expect(await project.inside('keeper', listing)).toBe(before)
  })
})
