import { chmod, lstat, readFile, readdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, executable, isV1, lines, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'
import { onTerminal } from './terminal.ts'

/** The old Compose knows names of volumes from this version of the format on. */
const format = isV1 ? 'version: "3.7"\n' : ''

const keeper = `${format}
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data, other:/other]
`

const database = `${format}
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret }
    volumes: [pgdata:/var/lib/postgresql/data]
volumes:
  # the orders of the shop
  pgdata:
`

function said({ stdout, stderr }: Ended): string {
  return `${stdout}${stderr}`
}

const psql = (project: Scenario, sql: string): Promise<string> =>
  project.inside('db', `psql -U postgres -tAc "${sql}"`)

async function ready(project: Scenario): Promise<void> {
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'), 180)
}

/** The volume goes with the test although no project's name begins it. */
function removedAfter(project: Scenario, volume: string): void {
  onTestFinished(async () => {
    const { stdout } = await project.docker(['ps', '-aq', '--filter', `volume=${volume}`])
    if (lines(stdout).length > 0) await project.docker(['rm', '-f', ...lines(stdout)])
    await project.docker(['volume', 'rm', '-f', volume])
  })
}

describe('pin', () => {
  test('the bare Compose starts on an empty volume under another name; pinned, it is the same one', async () => {
    const project = await scenario(`${keeper}volumes:\n  data: # kept\n  other: {}\n`)
    const elsewhere = `${project.name}-v2`
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.inside('keeper', 'echo kept > /data/word')

    const lost = await project.bare(['-p', elsewhere, 'run', '--rm', 'keeper', 'ls', '/data'])
    expect(lost.stdout).not.toContain('word')

    const check = await project.safe(['pin', '--check'])
    expect(check.code, said(check)).toBe(1)
    expect(lines(check.stdout)).toEqual([
      `data follows the project's name (today ${project.name}_data): safe-compose pin data`,
      `other follows the project's name (today ${project.name}_other): safe-compose pin other`,
    ])
    const refused = await project.safe(['pin'])
    expect(refused.code, said(refused)).toBe(123)
    const file = join(project.directory, 'compose.yaml')
    const before = await readFile(file, 'utf8')
    expect(before).toBe(`${keeper}volumes:\n  data: # kept\n  other: {}\n`)

    await chmod(file, 0o640)
    const pinned = await project.safe(['pin', '--yes'])
    expect(pinned.code, said(pinned)).toBe(0)
    expect(await readFile(file, 'utf8')).toBe(
      `${keeper}volumes:\n  data: # kept\n    name: ${project.name}_data\n  other: { name: ${project.name}_other }\n`,
    )
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    expect(pinned.stderr).toContain(`+    name: ${project.name}_data`)
    expect((await project.safe(['pin', '--check'])).code).toBe(0)
    expect((await project.safe(['pin', '--yes'])).stderr).toContain('nothing to do')

    const found = await project.bare(['-p', elsewhere, 'run', '--rm', 'keeper', 'cat', '/data/word'])
    expect(found.stdout, said(found)).toContain('kept')
    await project.bare(['-p', elsewhere, 'down'])

    // The way back that it named.
    const back = /put the file back with: {2}(cp .*)/.exec(pinned.stderr)?.[1] ?? 'false'
    const copied = await runProgram('sh', ['-c', back], project)
    expect(copied.code, said(copied)).toBe(0)
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('a person sees the change and is asked; no changes nothing', async () => {
    const project = await scenario(`${keeper}volumes: { data: {}, other: {} }\n`)
    const file = join(project.directory, 'compose.yaml')
    const before = await readFile(file, 'utf8')
    const no = onTerminal(process.execPath, [executable, 'pin', 'data'], project)
    await no.sees(`name: ${project.name}_data`)
    await no.sees('Write this into compose.yaml?')
    no.types('n\r')
    expect((await no.ended).code, no.screen()).toBe(122)
    expect(await readFile(file, 'utf8')).toBe(before)
    const yes = onTerminal(process.execPath, [executable, 'pin', 'data'], project)
    await yes.sees('Write this into compose.yaml?')
    yes.types('y\r')
    expect((await yes.ended).code, yes.screen()).toBe(0)
    expect(await readFile(file, 'utf8')).toBe(
      `${keeper}volumes: { data: { name: ${project.name}_data }, other: {} }\n`,
    )
  })

  test('anchors, merges and aliases: the others keep their names, and Compose reads it the same', async () => {
    const volumes = `x-labelled: &labelled
  labels: { kept: "yes" }
volumes:
  data: &shared
    # as it was
    labels:
      kept: "yes"
  other: *shared
`
    const project = await scenario(keeper + volumes)
    const pinned = await project.safe(['pin', '--yes'])
    expect(pinned.code, said(pinned)).toBe(0)
    const text = await readFile(join(project.directory, 'compose.yaml'), 'utf8')
    expect(text).toContain('    # as it was\n')
    expect(text).toContain(`  other: { <<: *shared, name: ${project.name}_other }\n`)
    const config = await project.bare(['-p', 'elsewhere', 'config'])
    expect(config.code, said(config)).toBe(0)
    expect(config.stdout).toContain(`name: ${project.name}_data`)
    expect(config.stdout).toContain(`name: ${project.name}_other`)
    expect(config.stdout.match(/kept: ["']?yes/g)?.length).toBeGreaterThanOrEqual(2)
  })

  test('it goes into the file that declares the volume, through a symbolic link, with CRLF and BOM kept', async () => {
    const project = await scenario(`${keeper}volumes:\n  data:\n`, {
      files: {
        'real/over.yaml':
          '\uFEFFvolumes:\r\n    other: # there\r\nservices:\r\n    keeper:\r\n        init: true\r\n',
      },
    })
    await symlink('real/over.yaml', join(project.directory, 'compose.override.yaml'))
    const pinned = await project.safe(['pin', '--external', '--yes', 'other'])
    expect(pinned.code, said(pinned)).toBe(0)
    expect((await lstat(join(project.directory, 'compose.override.yaml'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(project.directory, 'real/over.yaml'), 'utf8')).toBe(
      `\uFEFFvolumes:\r\n    other: # there\r\n        name: ${project.name}_other\r\n        external: true\r\nservices:\r\n    keeper:\r\n        init: true\r\n`,
    )
    expect(await readdir(join(project.directory, 'real'))).toEqual(['over.yaml'])
  })

  test.skipIf(isV1)('a file that is included is written as well', async () => {
    const project = await scenario(`include: [more/part.yaml]\n${keeper}volumes:\n  other:\n`, {
      files: { 'more/part.yaml': 'volumes:\n  data:\n' },
    })
    const pinned = await project.safe(['pin', '--yes', 'data'])
    expect(pinned.code, said(pinned)).toBe(0)
    expect(await readFile(join(project.directory, 'more/part.yaml'), 'utf8')).toBe(
      `volumes:\n  data:\n    name: ${project.name}_data\n`,
    )
  })

  test('what runs on another volume than the file means is not pinned blindly', async () => {
    const project = await scenario(`${keeper}volumes:\n  data:\n  other:\n`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.write(
      'compose.yaml',
      `${keeper}volumes:\n  data:\n  other:\n`
        .replaceAll('data:/data', 'fresh:/data')
        .replace('  data:\n', '  fresh:\n'),
    )
    const pinned = await project.safe(['pin', '--yes', 'fresh'])
    expect(pinned.code, said(pinned)).toBe(1)
    expect(pinned.stderr).toContain(`safe-compose adopt ${project.name}_data --as fresh`)
  })
})

test('examples/ci-lint: well as it is; a volume without a name fails it', async () => {
  const example = (name: string): Promise<string> =>
    readFile(new URL(`../../examples/ci-lint/${name}`, import.meta.url), 'utf8')
  const good = await example('compose.yaml')
  const project = await scenario(`${format}${isV1 ? good.replace(/^name: shop\n/, '') : good}`)
  await project.write('lint.sh', await example('lint.sh'))
  await project.write('programs/safe-compose', `#!/bin/sh\nexec '${process.execPath}' '${executable}' "$@"\n`)
  await chmod(join(project.directory, 'programs/safe-compose'), 0o755)
  const variables = {
    ...project.variables,
    PATH: `${join(project.directory, 'programs')}:${project.variables['PATH'] ?? ''}`,
    GITHUB_ACTIONS: 'true',
    // No engine is needed.
    DOCKER_HOST: 'unix:///nowhere.sock',
  }
  const run = (): Promise<Ended> => runProgram('sh', ['lint.sh'], { directory: project.directory, variables })
  const well = await run()
  expect(well.code, said(well)).toBe(0)
  await project.write(
    'compose.yaml',
    `${format}${good.replace(/^name: shop\n/, '').replace(/\n {4}name:.*/, '')}`,
  )
  const found = await run()
  expect(found.code, said(found)).toBe(1)
  expect(found.stdout).toMatch(/^::warning file=compose\.yaml,line=\d+,col=3,title=unpinned-name::/)
  expect(found.stdout).toContain('safe-compose pin pgdata')
})

// Databases start several times here.
describe('adopt', { timeout: 600_000 }, () => {
  test('the incident: the data is in the volume of the old name; adopted, the database is the old one', async () => {
    const project = await scenario(database)
    const old = `${project.name}-old`
    expect((await project.bare(['-p', old, 'up', '-d'])).code).toBe(0)
    const [container = ''] = lines(
      (await project.docker(['ps', '-q', '--filter', `label=com.docker.compose.project=${old}`])).stdout,
    )
    const inOld = (line: string): Promise<Ended> => project.docker(['exec', container, 'sh', '-c', line])
    await eventually(async () => (await inOld('pg_isready -h 127.0.0.1 -U postgres')).code === 0, 180)
    await inOld('psql -U postgres -c "create table kept as select generate_series(1, 500) as n"')

    // Two at once would damage it.
    const inUse = await project.safe(['adopt', `${old}_pgdata`, '--yes'])
    expect(inUse.code, said(inUse)).toBe(1)
    expect(inUse.stderr).toContain(`of project ${old}`)
    expect((await project.bare(['-p', old, 'down'])).code).toBe(0)

    // The loss: the same directory under another name comes up empty.
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await ready(project)
    expect(await psql(project, "select count(*) from pg_tables where tablename = 'kept'")).toBe('0')

    const adopted = await project.safe(['adopt', `${old}_pgdata`, '--yes'])
    expect(adopted.code, said(adopted)).toBe(0)
    expect(adopted.stderr).toMatch(/db runs on \S+-old_pgdata: PostgreSQL 15, cluster \d+/)
    await ready(project)
    expect(await psql(project, 'select count(*) from kept')).toBe('500')
    expect(await readFile(join(project.directory, 'compose.yaml'), 'utf8')).toBe(
      `${database}    name: ${old}_pgdata\n`,
    )
    const points = JSON.parse((await project.safe(['backups', '--json'])).stdout) as {
      reason: string
      holdings: { name: string }[]
    }[]
    expect(points.map(({ reason }) => reason)).toEqual(['safety'])
    expect(JSON.stringify(points[0])).toContain(`${old}_pgdata`)
    expect(JSON.stringify(points[0])).toContain(`${project.name}_pgdata`)
    // And nothing is said of it at the next up.
    const up = await project.safe(['up', '-d'])
    expect(up.code, said(up)).toBe(0)
    expect(up.stderr).not.toContain('ALERT')
    const again = await project.safe(['adopt', `${old}_pgdata`, '--as', 'pgdata', '--yes'])
    expect(again.code, said(again)).toBe(0)
  })

  test('an anonymous volume, copied into the expected one, which had data of its own: saved, replaced, up', async () => {
    const project = await scenario(database.replace('[pgdata:/var/lib/postgresql/data]', '[]'))
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await ready(project)
    await psql(project, 'create table kept as select generate_series(1, 300) as n')
    const [id = ''] = lines(
      (await project.docker(['ps', '-q', '--filter', `label=com.docker.compose.project=${project.name}`]))
        .stdout,
    )
    const inspected = await project.docker(['inspect', '-f', '{{range .Mounts}}{{.Name}}{{end}}', id])
    const anonymous = inspected.stdout.trim()
    expect(anonymous).toMatch(/^[0-9a-f]{64}$/)
    removedAfter(project, anonymous)
    expect((await project.bare(['down'])).code).toBe(0)
    await project.write('compose.yaml', database)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await ready(project)
    await psql(project, 'create table later as select 1')

    const adopted = await project.safe(['adopt', anonymous, '--copy'])
    expect(adopted.code, said(adopted)).toBe(0)
    await ready(project)
    expect(await psql(project, 'select count(*) from kept')).toBe('300')
    expect(await readFile(join(project.directory, 'compose.yaml'), 'utf8')).toBe(database)
    // What stood there can be had back.
    const safety = /restore point (\S*before-restore\S*)/.exec(adopted.stderr)?.[1] ?? ''
    const restored = await project.safe(['restore', safety])
    expect(restored.code, said(restored)).toBe(0)
    await ready(project)
    expect(await psql(project, 'select count(*) from later')).toBe('1')
  })

  test('copied into a volume that is not there yet: made as Compose would make it', async () => {
    const project = await scenario(`${keeper}volumes: { data: , other: }\n`)
    const lost = `${project.name}-lost`
    await project.docker(['volume', 'create', lost])
    removedAfter(project, lost)
    await project.docker(['run', '--rm', '-v', `${lost}:/v`, 'busybox', 'sh', '-c', 'echo kept > /v/word'])
    const unsure = await project.safe(['adopt', lost, '--copy'])
    expect(unsure.code, said(unsure)).toBe(1)
    expect(unsure.stderr).toContain('--as')
    const adopted = await project.safe(['adopt', lost, '--as', 'data', '--copy'])
    expect(adopted.code, said(adopted)).toBe(0)
    expect(await project.inside('keeper', 'cat /data/word')).toBe('kept')
    const up = await project.bare(['up', '-d'])
    expect(said(up)).not.toMatch(/already exists but|external: true/)
  })

  test.each<[string, readonly string[], RegExp]>([
    ['while it copies', ['--copy'], /stopped/],
    ['while it starts', ['--copy'], /starting/],
    ['while both are saved', ['--yes'], /stopped/],
    ['while it starts on the pinned volume', ['--yes'], /starting/],
  ])('killed %s: nothing is lost, and the same words finish it', async (_, words, moment) => {
    const project = await scenario(`${keeper}volumes: { data: , other: }\n`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.inside('keeper', 'echo new > /data/word')
    const lost = `${project.name}-lost`
    await project.docker(['volume', 'create', lost])
    removedAfter(project, lost)
    await project.docker(['run', '--rm', '-v', `${lost}:/v`, 'busybox', 'sh', '-c', 'echo kept > /v/word'])

    const line = ['adopt', lost, '--as', 'data', ...words]
    const dying = execa(process.execPath, [executable, ...line], {
      cwd: project.directory,
      env: project.variables,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    })
    let heard = ''
    dying.stderr.on('data', (bytes: Buffer) => {
      heard += bytes.toString()
      if (moment.test(heard)) dying.kill('SIGKILL')
    })
    expect((await dying).signal, heard).toBe('SIGKILL')

    const again = await project.safe(line)
    expect(again.code, said(again)).toBe(0)
    expect(again.stderr).toContain('an earlier run had died')
    expect(await project.inside('keeper', 'cat /data/word')).toBe('kept')
    // What stood there before is in its volume still, or in a restore point.
    const [there] = lines(
      (await project.docker(['run', '--rm', '-v', `${project.name}_data:/v`, 'busybox', 'cat', '/v/word']))
        .stdout,
    )
    const points = await project.safe(['backups', '--json'])
    expect(there === 'new' || points.stdout.includes('before-restore'), said(points)).toBe(true)
  })

  test('a service that does not stay up is told, and the exit code says so', async () => {
    const project = await scenario(
      `services:\n  keeper:\n    image: busybox\n    command: ["false"]\n    volumes: [data:/data]\nvolumes: { data: {} }\n`,
    )
    const lost = `${project.name}-lost`
    await project.docker(['volume', 'create', lost])
    removedAfter(project, lost)
    await project.docker(['run', '--rm', '-v', `${lost}:/v`, 'busybox', 'sh', '-c', 'echo kept > /v/word'])
    const adopted = await project.safe(['adopt', lost, '--as', 'data', '--yes'])
    expect(adopted.code, said(adopted)).toBe(1)
    expect(adopted.stderr).toContain('keeper does not stay up')
  })
})
