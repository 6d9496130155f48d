import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually, executable, isV1, runProgram, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const database = `
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: [pgdata:/var/lib/postgresql/data]
  cache:
    image: redis:7
    volumes: [redis:/data]
volumes: { pgdata: {}, redis: {} }
`

async function fill(project: Scenario): Promise<void> {
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
  await project.inside(
    'db',
    'psql -U postgres -c "create table kept as select generate_series(1, 1000) as n"',
  )
  await eventually(() => project.inside('cache', 'redis-cli set word kept'))
}

async function rows(project: Scenario): Promise<string> {
  return eventually(() => project.inside('db', 'psql -U postgres -tAc "select count(*) from kept"'))
}

describe('down -v must not lose data', () => {
  test('bare Compose deletes both volumes; through us they come back, rows and keys and labels', async () => {
    const project = await scenario(database)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await fill(project)
    expect((await project.bare(['down', '-v'])).code).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
    await expect(project.inside('db', 'psql -U postgres -tAc "select count(*) from kept"')).rejects.toThrow(
      'kept',
    )

    await fill(project)
    const labels = await project.docker([
      'volume',
      'inspect',
      '-f',
      '{{json .Labels}}',
      `${project.name}_pgdata`,
    ])
    const down = await project.safe(['down', '-v'])
    expect(down.stderr).toContain(`${project.name}_pgdata`)
    expect(down.stderr).toContain('safe-compose undo')
    expect(down.code).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect(await project.containers()).toEqual([])

    const undo = await project.safe(['undo'])
    expect(undo.stderr).not.toContain('secret-word')
    expect(undo.code, undo.stderr).toBe(0)
    expect(undo.stderr).toMatch(/: db: PostgreSQL .*: 1,000 rows in 1 table, as counted when it was saved/)
    expect(undo.stderr).toMatch(/: cache: Redis .*: 1 key, as counted when it was saved/)
    expect(await rows(project)).toBe('1000')
    expect(await eventually(async () => (await project.inside('cache', 'redis-cli get word')) || false)).toBe(
      'kept',
    )
    const after = await project.docker([
      'volume',
      'inspect',
      '-f',
      '{{json .Labels}}',
      `${project.name}_pgdata`,
    ])
    expect(JSON.parse(after.stdout)).toEqual(JSON.parse(labels.stdout))
    expect(await project.containers()).toEqual(
      ['cache', 'db'].map(service => `${project.container(service)} running`),
    )

    const again = await project.safe(['undo'])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('already undone')
  })

  test('a coding agent is refused with 120, nothing changes, and a person can allow it once', async () => {
    const project = await scenario(database)
    await project.safe(['up', '-d'])
    await fill(project)
    const agent = { CLAUDECODE: '1' }
    const before = await project.containers()
    for (const words of [
      ['down', '-v'],
      ['--safe-yes', 'down', '-v'],
      ['--safe-no-backup', '--safe-allow', 'down-volumes', 'down', '--volumes'],
    ]) {
      const refused = await project.safe(words, { variables: agent })
      expect(refused.code, refused.stderr).toBe(120)
      expect(refused.stderr).toContain('safe-compose approve')
    }
    const off = await project.safe(['down', '-v'], { variables: { ...agent, SAFE_COMPOSE: 'off' } })
    expect(off.code, off.stderr).toBe(120)
    expect(await project.containers()).toEqual(before)
    expect(await rows(project)).toBe('1000')
  })

  test('the same word order, clusters and label mode all count', async () => {
    const project = await scenario(database)
    await project.safe(['up', '-d'])
    await fill(project)
    const agent = { CLAUDECODE: '1' }
    for (const words of [
      ['down', '-vt0'],
      // Version 1 has no such lines: it shows its usage, and takes "x" for the command.
      ...(isV1
        ? []
        : [
            ['down', '--volumes=true'],
            ['--', 'x', 'down', '-v'],
          ]),
      ['-p', project.name, 'down', '-v'],
    ]) {
      const refused = await project.safe(words, { variables: agent })
      expect(refused.code, `${words.join(' ')}: ${refused.stderr}`).toBe(120)
    }
    expect(await rows(project)).toBe('1000')
  })
})

test('a Compose file that can be read but once is guarded like any other', async () => {
  const project = await scenario(`${isV1 ? "version: '3.7'" : ''}
services:
  keeper: { image: busybox, command: sleep 600, stop_grace_period: 0s, volumes: ['data:/data'] }
volumes: { data: {} }
`)
  const guarded = (file: string, words: string): ReturnType<typeof runProgram> =>
    runProgram(
      'bash',
      ['-c', `"$0" "$1" -f ${file} -p ${project.name} ${words}`, process.execPath, executable],
      project,
    )
  const up = await guarded('<(cat compose.yaml)', 'up -d')
  expect(up.code, up.stderr).toBe(0)
  await project.inside('keeper', 'echo kept > /data/word')
  for (const [file, before] of [
    ['<(cat compose.yaml)', ''],
    ['- < compose.yaml', ''],
    ['pipe', 'rm -f pipe; mkfifo pipe; (cat compose.yaml > pipe &) > writer 2>&1'],
  ] as const) {
    if (before !== '') expect((await runProgram('bash', ['-c', before], project)).code).toBe(0)
    const down = await guarded(file, 'down -v')
    expect(down.code, `${file}: ${down.stderr}`).toBe(0)
    expect(down.stderr).toContain(`deletes ${project.name}_data`)
    // There is no directory of which another project could be.
    expect(down.stderr).not.toContain('project of the same name')
    expect(await project.volumes(), file).toEqual([])
    const undo = await project.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    expect(await project.inside('keeper', 'cat /data/word'), file).toBe('kept')
  }
})

describe('harmless commands stay harmless', () => {
  test('up, restart, stop, start and a plain down say nothing, and lose nothing', async () => {
    const project = await scenario(database)
    const first = await project.safe(['up', '-d'])
    expect(first.code, first.stderr).toBe(0)
    // The one thing worth a word, said once: the names of its volumes follow the directory.
    expect(first.stderr.match(/^safe-compose: .*$/gm)).toEqual([
      expect.stringMatching(/^safe-compose: warning: .* are named after this directory/),
    ])
    for (const words of [['up', '-d'], ['restart'], ['stop'], ['start'], ['down'], ['up', '-d']]) {
      const run = await project.safe(words)
      expect(run.code, `${words.join(' ')}: ${run.stderr}`).toBe(0)
      expect(run.stderr).not.toContain('safe-compose:')
    }
    expect(await readdir(join(project.store)).catch(() => [])).not.toContain('volumes')
  })
})
