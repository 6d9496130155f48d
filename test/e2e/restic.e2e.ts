import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Manifest, RestorePoint } from '../../src/model/restore-point.ts'
import { emptyRepository, resticVariables } from '../fakes/restic-repository.ts'
import { eventually, scenario } from './scenario.ts'

/** As `backups --json` has it. */
type Listed = Manifest & Pick<RestorePoint, 'state'>

/** The same commands, and the same way back, when restore points lie in a restic repository. */
test('restic: down -v is saved there, undone from there and proven there, and no password is anywhere', async () => {
  const project = await scenario(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes: { pgdata: {} }
`)
  const repository = join(dirname(project.directory), 'repository')
  ;(await emptyRepository())(repository)
  const { RESTIC_PASSWORD = '', RESTIC_CACHE_DIR = '', PATH = '' } = await resticVariables()
  const variables = {
    SAFE_COMPOSE_STORE: `restic:${repository}`,
    XDG_DATA_HOME: join(dirname(project.directory), 'data'),
    RESTIC_PASSWORD,
    RESTIC_CACHE_DIR,
    PATH: `${project.variables['PATH']}:${PATH}`,
  }
  const rows = (): Promise<string> =>
    project.inside('db', 'psql -h 127.0.0.1 -U postgres -Atc "select count(*) from orders"')
  const points = async (): Promise<readonly Listed[]> =>
    JSON.parse((await project.safe(['backups', '--json'], { variables })).stdout) as readonly Listed[]

  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
  await project.inside(
    'db',
    'psql -q -h 127.0.0.1 -U postgres -c "create table orders as select generate_series(1, 321) as id"',
  )

  const unlocked = await project.safe(['--safe-yes', 'down', '-v'], {
    variables: { ...variables, RESTIC_PASSWORD: 'something else' },
  })
  expect(unlocked.code).toBe(121)
  expect(unlocked.stderr).toContain('its password is another one')
  expect(unlocked.stderr).not.toContain('something else')
  expect(await rows()).toBe('321')

  const down = await project.safe(['--safe-yes', 'down', '-v'], { variables })
  expect(down.code, down.stderr).toBe(0)
  expect(await project.volumes()).toEqual([])
  expect((await points()).map(({ state }) => state)).toEqual(['good'])

  const undo = await project.safe(['undo'], { variables })
  expect(undo.code, undo.stderr).toBe(0)
  await eventually(async () => (await rows()) === '321')

  const verify = await project.safe(['verify'], { variables })
  expect(verify.code, verify.stdout + verify.stderr).toBe(0)
  expect(verify.stdout).toContain('321 rows')
  const { stdout } = await project.safe(['backups'], { variables })
  expect(stdout).toContain('boots')
  expect(await readdir(join(repository, 'locks'))).toEqual([])

  // By hand the volume goes in as the files that it is, of which the second time nothing is new.
  const kept = []
  for (const _ of ['once', 'twice']) {
    const saved = await project.safe(['backup', '--stop', '--no-dump'], { variables })
    expect(saved.code, saved.stderr).toBe(0)
    kept.push((await points())[0]?.holdings[0]?.kept)
  }
  expect(kept).toMatchObject([{ form: 'restic-tree' }, { form: 'restic-tree' }])
  const [once, twice] = kept.map(each => (each?.form === 'restic-tree' ? each.added : Number.NaN))
  expect(twice).toBeLessThan((once ?? 0) / 10)

  // Out of the repository into a folder, which is then a store like any other, and back into another repository.
  const folder = join(dirname(project.directory), 'second-disk')
  const out = await project.safe(['copy', '--all', '--to', folder], { variables })
  expect(out.code, out.stderr).toBe(0)
  const second = join(dirname(project.directory), 'second-repository')
  ;(await emptyRepository())(second)
  const there = { ...variables, SAFE_COMPOSE_STORE: folder }
  const into = await project.safe(['copy', '--all', '--to', `restic:${second}`], { variables: there })
  expect(into.code, into.stderr).toBe(0)
  await project.bare(['down', '-v', '-t', '0'])
  const back = await project.safe(['restore'], {
    variables: { ...variables, SAFE_COMPOSE_STORE: `restic:${second}` },
  })
  expect(back.code, back.stderr).toBe(0)
  await project.bare(['up', '-d'])
  await eventually(async () => (await rows()) === '321')
  expect(down.stderr + undo.stderr + verify.stdout + stdout).not.toContain(RESTIC_PASSWORD)
})
