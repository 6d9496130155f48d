import { rename } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'

const shop = `
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: [pgdata:/var/lib/postgresql/data]
    stop_grace_period: 60s
volumes: { pgdata: {} }
`

/** A database under the guard, with a row in it that everything is about. */
async function shopWithARow(): Promise<Scenario> {
  const project = await scenario(shop)
  const up = await project.safe(['up', '-d'])
  expect(up.code, up.stderr).toBe(0)
  await sql(project, "create table orders (what text); insert into orders values ('kept')")
  // By now the files tell which cluster it is: the next command remembers it.
  expect((await project.safe(['up', '-d'])).stderr).not.toContain('safe-compose')
  return project
}

async function sql(project: Scenario, line: string, directory = project.directory): Promise<string> {
  return eventually(async () => {
    const words = ['exec', '-T', 'db', 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', line]
    const { code, stdout, stderr } = await project.bare(words, {
      directory,
      variables: { PGPASSWORD: 'secret-word' },
    })
    if (code !== 0) throw new Error(stderr)
    return stdout.trim() || 'nothing'
  }, 60)
}

/** The directory gets another name, and with it the project: what began the night of the incident. */
async function moved(project: Scenario): Promise<string> {
  const directory = `${project.directory}v2`
  expect((await project.safe(['down'])).code).toBe(0)
  await rename(project.directory, directory)
  onTestFinished(async () => {
    await project.bare(['down', '-v'], { directory })
  })
  return directory
}

const row = 'select what from orders'

describe('a fresh database in place of the old one', () => {
  test('bare Compose starts empty without a word; through us a script is refused, and nothing changes', async () => {
    const project = await shopWithARow()
    const directory = await moved(project)
    const bare = await project.bare(['up', '-d'], { directory })
    expect(bare.code, bare.stderr).toBe(0)
    await sql(project, 'create table orders (what text)', directory)
    expect(await sql(project, row, directory), 'the data must be out of sight').toBe('nothing')
    await project.bare(['down', '-v'], { directory })

    const volumes = await project.volumes()
    const safe = await project.safe(['up', '-d'], { directory })
    expect(safe.code, safe.stderr).toBe(120)
    expect(safe.stderr).toContain(`${project.name}v2_pgdata`)
    expect(safe.stderr).toContain(`its data is in ${project.name}_pgdata (PostgreSQL 15`)
    expect(safe.stderr).toContain(`adopt ${project.name}_pgdata --as pgdata`)
    expect(await project.volumes()).toEqual(volumes)

    const onPurpose = await project.safe(['--safe-allow', 'project-name-changed', 'up', '-d'], { directory })
    expect(onPurpose.code, onPurpose.stderr).toBe(0)
  })

  test('a person writes the old volume into the file, out of the question itself, and finds the data', async () => {
    const project = await shopWithARow()
    const directory = await moved(project)
    const terminal = onTerminal(process.execPath, [executable, 'up', '-d'], {
      directory,
      variables: project.variables,
    })
    await terminal.sees('would start on a NEW, EMPTY volume')
    await terminal.sees('What now?')
    terminal.types(keys.enter)
    await terminal.sees(`name: ${project.name}_pgdata`)
    terminal.types(`y${keys.enter}`)
    expect((await terminal.ended).code, terminal.screen()).toBe(0)
    expect(await sql(project, row, directory)).toBe('kept')
  })

  test('what happened while nobody was looking raises an alarm', async () => {
    const project = await shopWithARow()
    await project.bare(['down', '-v'])
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await sql(project, 'select 1')
    const restart = await project.safe(['restart'])
    expect(restart.stderr).toContain('ALERT  db came up on a fresh database')
    expect(restart.stderr).toMatch(/before\s+\S+_pgdata\s+PostgreSQL 15, cluster/)
    expect(restart.stderr).not.toContain('Get the old back')
  })

  test('the alarm says how the old data comes back, and so it comes back', async () => {
    const project = await shopWithARow()
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    await project.bare(['down', '-v'])
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await sql(project, 'create table orders (what text)')
    const { stderr } = await project.safe(['restart'])
    const [, words = ''] = /Get the old back: +safe-compose (.+)/.exec(stderr) ?? []
    expect(words, stderr).toMatch(/^restore \S+ --volume \S+_pgdata$/)
    const back = await project.safe(words.split(' '))
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, row)).toBe('kept')
  })
})
