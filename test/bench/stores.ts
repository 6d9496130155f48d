import { delimiter, join } from 'node:path'
import type { TestEngine } from '../engine/index.ts'
import { debianAge } from '../engine/age.ts'
import { emptyRepository, resticVariables } from '../fakes/restic-repository.ts'
import { filledProject, medianOf, settled } from './backup.ts'
import type { BenchProject } from './bench-project.ts'
import { time } from './measure.ts'
import { seconds, type Row } from './table.ts'

type Variables = Readonly<Record<string, string>>

/**
 * What encryption costs, with Debian's `age` and without it, and what restic spares where nothing has changed: each
 * against a backup of the same volume without it, whole commands on the wall.
 *
 * @param scale of pgbench: 60 makes a volume of 1.7 GB
 */
export async function measureStores(
  engine: TestEngine,
  scale: number,
  rounds: number,
): Promise<readonly Row[]> {
  const project = await filledProject(engine, scale)
  try {
    const plain = await backups(project, {}, rounds)
    return [
      { what: 'back up in the clear', measured: seconds(plain), ratio: null, bound: null },
      ...(await measureEncrypted(project, plain, rounds)),
      ...(await measureRestic(project, rounds)),
    ]
  } finally {
    await project.remove()
  }
}

async function measureEncrypted(
  project: BenchProject,
  plain: number,
  rounds: number,
): Promise<readonly Row[]> {
  const { stdout } = await time(project.safe(['keys', 'generate', join(project.scratch, 'key.txt')]))
  const recipient = /age1\w+/.exec(stdout)?.[0]
  if (recipient === undefined) throw new Error('no key was made')
  const sealed = { SAFE_COMPOSE_RECIPIENTS: recipient }
  const path = `${await debianAge()}${delimiter}${project.docker([]).variables['PATH'] ?? ''}`
  const byAge = await backups(project, { ...sealed, PATH: path }, rounds)
  const byUs = await backups(project, sealed, rounds)
  return [
    { what: '… encrypted by age', measured: seconds(byAge), ratio: byAge / plain, bound: { atMost: 2 } },
    { what: '… encrypted without age', measured: seconds(byUs), ratio: byUs / plain, bound: { atMost: 4 } },
  ]
}

async function measureRestic(project: BenchProject, rounds: number): Promise<readonly Row[]> {
  const { RESTIC_PASSWORD = '', RESTIC_CACHE_DIR = '', PATH = '' } = await resticVariables()
  const makeRepository = await emptyRepository()
  const variablesFor = (name: string): Variables => {
    const repository = join(project.scratch, name)
    makeRepository(repository)
    return { RESTIC_PASSWORD, RESTIC_CACHE_DIR, PATH, SAFE_COMPOSE_STORE: `restic:${repository}` }
  }
  let made = 0
  const first = await medianOf(rounds, () =>
    settled(project.safe(['backup', '--stop'], variablesFor(`repository-${made++}`))),
  )
  const again = await backups(project, variablesFor('repository-0'), rounds)
  return [
    { what: 'back up into a new restic repository', measured: seconds(first), ratio: null, bound: null },
    {
      what: '… where nothing has changed since',
      measured: seconds(again),
      ratio: again / first,
      bound: { atMost: 0.5 },
    },
  ]
}

function backups(project: BenchProject, variables: Variables, rounds: number): Promise<number> {
  return medianOf(rounds, () => settled(project.safe(['backup', '--stop'], variables)))
}
