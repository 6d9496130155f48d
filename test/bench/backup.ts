import { join } from 'node:path'
import type { TestEngine } from '../engine/index.ts'
import { run } from '../engine/run.ts'
import { benchProject, type BenchProject } from './bench-project.ts'
import { median, time, type Command } from './measure.ts'
import { megabytes, seconds, type Row } from './table.ts'

/** The ways in which bytes are fetched and compressed, with how many times faster than tar in a container each must be. */
const ways = [
  { source: 'mountpoint', compression: 'zstd', backup: 10, restore: 3.5 },
  { source: 'api', compression: 'zstd', backup: 3.5, restore: 1.7 },
  { source: 'mountpoint', compression: 'gzip', backup: 2.2, restore: null },
  { source: 'api', compression: 'gzip', backup: 2.2, restore: null },
] as const

/**
 * A PostgreSQL volume saved and restored, each way, against what people do by hand: `docker run … busybox tar`. All
 * times are on the wall and of whole commands: start, look, copy, check.
 *
 * @param scale of pgbench: 60 makes a volume of 1.7 GB
 */
export async function measureBackup(
  engine: TestEngine,
  scale: number,
  rounds: number,
): Promise<readonly Row[]> {
  await engine.ensureImages(['busybox'])
  const project = await filledProject(engine, scale)
  try {
    return await compare(engine, project, rounds)
  } finally {
    await project.remove()
  }
}

/** A PostgreSQL that is stopped, with what pgbench makes in its volume. */
export async function filledProject(engine: TestEngine, scale: number): Promise<BenchProject> {
  await engine.ensureImages(['postgres:15'])
  const project = await benchProject(
    engine,
    `services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: [pgdata:/var/lib/postgresql/data]
    stop_grace_period: 2m
volumes: { pgdata: {} }
`,
  )
  try {
    await fill(project, scale)
    return project
  } catch (error) {
    await project.remove()
    throw error
  }
}

async function fill(project: BenchProject, scale: number): Promise<void> {
  await project.run(project.bare(['up', '-d']))
  const inside = (words: readonly string[]): Command => project.bare(['exec', '-T', 'db', ...words])
  const deadline = Date.now() + 120_000
  while (!(await answers(inside(['pg_isready', '-h', '127.0.0.1', '-U', 'postgres'])))) {
    if (Date.now() > deadline) throw new Error('PostgreSQL was not ready within 2 minutes')
    await new Promise(resolve => setTimeout(resolve, 300))
  }
  const pgbench = 'PATH=$PATH:/usr/lib/postgresql/15/bin pgbench -q -i -U postgres -s'
  await project.run(inside(['sh', '-c', `${pgbench} ${scale} postgres`]))
  await project.run(inside(['psql', '-q', '-U', 'postgres', '-c', 'checkpoint']))
  await project.run(project.bare(['stop']))
}

async function answers(command: Command): Promise<boolean> {
  try {
    await time(command)
    return true
  } catch {
    // Not ready yet.
    return false
  }
}

async function compare(engine: TestEngine, project: BenchProject, rounds: number): Promise<readonly Row[]> {
  const volume = `${project.name}_pgdata`
  const bytes = await sizeOf(project, volume)
  const archive = 'by-hand.tar.gz'
  const tar = inBusybox(
    project,
    [`${volume}:/v:ro`, `${project.scratch}:/out`],
    `tar czf /out/${archive} -C /v .`,
  )
  const rows: Row[] = []
  const byHand = await medianOf(rounds, () => settled(tar))
  rows.push({
    what: `back up ${megabytes(bytes)} by hand: docker run busybox tar czf`,
    measured: seconds(byHand),
    ratio: null,
    bound: null,
  })
  const joined = await measureJoined(engine, project, volume, rounds)
  const points: string[] = []
  for (const way of ways) {
    const backup = project.safe(['backup', '--stop'], variablesOf(way))
    const took = await medianOf(rounds, () => settled(backup))
    points.push(await newestPoint(project, way))
    rows.push({
      what: `back up, ${way.source} and ${way.compression}: times faster`,
      measured: seconds(took),
      ratio: byHand / took,
      bound: { atLeast: way.backup },
    })
    rows.push(...againstJoined(joined, 'backup', way, took))
  }

  const into = (number: number): string => `${project.name}_restored${number}`
  let fresh = 0
  const untar = async (): Promise<number> => {
    const target = into(fresh++)
    await project.run(project.docker(['volume', 'create', target]))
    const took = await settled(
      inBusybox(project, [`${target}:/v`, `${project.scratch}:/out:ro`], `tar xzf /out/${archive} -C /v`),
    )
    await project.run(project.docker(['volume', 'rm', target]))
    return took
  }
  const restoredByHand = await medianOf(rounds, untar)
  rows.push({
    what: 'restore by hand: docker run busybox tar xzf',
    measured: seconds(restoredByHand),
    ratio: null,
    bound: null,
  })
  for (const [index, way] of ways.entries()) {
    const point = points[index] ?? ''
    const took = await medianOf(rounds, async () => {
      const target = into(fresh++)
      const words = ['restore', point, '--volume', volume, '--to', target]
      const milliseconds = await settled(project.safe(words, variablesOf(way)))
      if ((await sizeOf(project, target)) < bytes * 0.9) throw new Error(`${target} is not whole`)
      await project.run(project.docker(['volume', 'rm', target]))
      return milliseconds
    })
    rows.push({
      what: `restore, ${way.source} and ${way.compression}: times faster`,
      measured: seconds(took),
      ratio: restoredByHand / took,
      bound: way.restore === null ? null : { atLeast: way.restore },
    })
    rows.push(...againstJoined(joined, 'restore', way, took))
  }
  return rows
}

const joinedWords = {
  backup: { mountpoint: 'tar | zstd', api: 'docker cp | zstd' },
  restore: { mountpoint: 'zstd | tar', api: 'zstd | docker cp' },
} as const

type Joined = Readonly<Record<'backup' | 'restore', Readonly<Record<'mountpoint' | 'api', number>>>>

/**
 * What this machine can do at most: the programs that we use, in a pipe, and the archive read back once. Beside it our
 * own start, look and bookkeeping show.
 */
async function measureJoined(
  engine: TestEngine,
  project: BenchProject,
  volume: string,
  rounds: number,
): Promise<Joined> {
  const archive = join(project.scratch, 'joined.tar.zst')
  const name = `${project.name}-joined`
  const target = `${project.name}_joined`
  const mountpoint = (of: string): string => join(engine.dataRoot, 'volumes', of, '_data')
  const withContainer = (mount: string, line: string): string =>
    `docker create -q --name ${name} -v ${mount} busybox >/dev/null && ${line}; docker rm ${name} >/dev/null`
  const pack = `zstd -q -T0 --fast=1 -c >'${archive}' && zstd -d -q -c '${archive}' | tar -tf - >/dev/null`
  const unpack = `zstd -d -q -c '${archive}'`
  const take = (line: string): Promise<number> =>
    settled({ ...project.docker([]), program: 'bash', words: ['-o', 'pipefail', '-ec', line] })
  const fill = async (line: string): Promise<number> => {
    await project.run(project.docker(['volume', 'create', target]))
    const took = await take(line)
    await project.run(project.docker(['volume', 'rm', target]))
    return took
  }
  const measured = (measure: () => Promise<number>): Promise<number> => medianOf(rounds, measure)
  return {
    backup: {
      mountpoint: await measured(() => take(`tar -C '${mountpoint(volume)}' -cf - . | ${pack}`)),
      api: await measured(() => take(withContainer(`${volume}:/v:ro`, `docker cp ${name}:/v/. - | ${pack}`))),
    },
    restore: {
      mountpoint: await measured(() =>
        fill(`${unpack} | tar -C '${mountpoint(target)}' --numeric-owner -pxf -`),
      ),
      api: await measured(() => fill(withContainer(`${target}:/v`, `${unpack} | docker cp - ${name}:/v`))),
    },
  }
}

/** Our time against that of the joined programs. */
function againstJoined(
  joined: Joined,
  what: keyof Joined,
  { source, compression }: (typeof ways)[number],
  took: number,
): readonly Row[] {
  if (compression !== 'zstd') return []
  const reference = joined[what][source]
  const proof = what === 'backup' ? ', proof included' : ''
  return [
    {
      what: `… against the same programs joined by hand${proof} (${joinedWords[what][source]})`,
      measured: seconds(reference),
      ratio: took / reference,
      bound: { atMost: 1.5 },
    },
  ]
}

function variablesOf(way: (typeof ways)[number]): Readonly<Record<string, string>> {
  return { SAFE_COMPOSE_SOURCE: way.source, SAFE_COMPOSE_COMPRESSION: way.compression }
}

/** The restore point just made; throws if it was not made in the way that was asked for. */
async function newestPoint(project: BenchProject, way: (typeof ways)[number]): Promise<string> {
  const { stdout } = await time(project.safe(['backups', '--json']))
  const [newest] = JSON.parse(stdout) as readonly {
    id: string
    holdings: readonly { source: string; kept: { compression: string } }[]
  }[]
  const record = newest?.holdings[0]
  if (newest === undefined || record === undefined) throw new Error('there is no restore point')
  if (record.source !== way.source || record.kept.compression !== way.compression)
    throw new Error(
      `asked for ${way.source} and ${way.compression}, got ${record.source} and ${record.kept.compression}`,
    )
  return newest.id
}

/** Takes the time of a command when the disk has nothing left to write from before. */
export async function settled(command: Command): Promise<number> {
  await run('sync', [])
  return (await time(command)).milliseconds
}

export async function medianOf(rounds: number, measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await measure())
  return median(times)
}

/** What people type: a container that mounts what it needs and runs one program. */
function inBusybox(project: BenchProject, mounts: readonly string[], line: string): Command {
  const volumes = mounts.flatMap(mount => ['-v', mount])
  return project.docker(['run', '--rm', ...volumes, 'busybox', ...line.split(' ')])
}

async function sizeOf(project: BenchProject, volume: string): Promise<number> {
  const { stdout } = await time(inBusybox(project, [`${volume}:/v:ro`], 'du -sk /v'))
  const kilobytes = Number(stdout.split(/\s/)[0])
  if (!(kilobytes > 0)) throw new Error(`the size of ${volume} cannot be told: ${stdout}`)
  return kilobytes * 1024
}
