import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestEngine } from '../engine/index.ts'
import { run } from '../engine/run.ts'
import { benchProject, type BenchProject } from './bench-project.ts'
import { median, time, type Command } from './measure.ts'
import { onlineDatabases, type OnlineDatabase } from './online-databases.ts'
import { megabytes, seconds, type Row } from './table.ts'
import { startWriting } from './writer.ts'

/**
 * Databases that are written to all the time, each saved while it goes on: by us, by its own dump through gzip, and as
 * shell scripts do it (a tar of the volume, then such a dump). Of each: the time, what it takes on disk, and the longest
 * that a writer had to wait meanwhile.
 *
 * @param scale of pgbench: 60 makes databases of 0.9 GB
 */
export async function measureOnline(
  engine: TestEngine,
  scale: number,
  rounds: number,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const database of onlineDatabases)
    rows.push(...(await measureOne(engine, database, scale * 15, rounds)))
  return rows
}

async function measureOne(
  engine: TestEngine,
  database: OnlineDatabase,
  size: number,
  rounds: number,
): Promise<readonly Row[]> {
  const { image, mount, environment, command } = database
  await engine.ensureImages(['busybox', image])
  const project = await benchProject(
    engine,
    `services:
  db:
    image: ${image}
    environment: ${JSON.stringify(environment)}
    ${command === null ? '' : `command: ${JSON.stringify(command)}`}
    volumes: ["data:${mount}"]
volumes: { data: {} }
`,
  )
  try {
    await project.run(project.bare(['up', '-d']))
    const isUp = `left=400; until ${database.isUp}; do left=$((left - 1)); [ $left -gt 0 ] || exit; sleep 0.3; done`
    await project.run(inside(project, isUp))
    await project.run(inside(project, database.fill(size)))
    return await compare(project, database, rounds)
  } finally {
    await project.remove()
  }
}

function inside(project: BenchProject, line: string): Command {
  return project.docker(['exec', '-i', `${project.name}-db-1`, 'sh', '-c', line])
}

/** The ways, each with the commands and where their output lies. */
function waysOf(
  project: BenchProject,
  { byHand, byScripts }: OnlineDatabase,
): readonly {
  readonly what: string
  readonly commands: readonly Command[]
  readonly kept: () => Promise<number>
}[] {
  const { scratch, name } = project
  const store = join(scratch, 'online-store')
  const piped = (line: string, file: string): Command => ({
    ...project.docker([]),
    program: 'bash',
    words: ['-o', 'pipefail', '-ec', `docker exec ${name}-db-1 ${line} | gzip > '${join(scratch, file)}'`],
  })
  const mounts = [`${name}_data:/v:ro`, `${scratch}:/out`].flatMap(mount => ['-v', mount])
  // What changes while tar reads it makes it end with 1; scripts go on all the same, and so does the time.
  const tar = ['busybox', 'sh', '-c', 'tar czf /out/v.tar.gz -C /v . || true']
  const safe = (...words: readonly string[]): Command =>
    project.safe(['backup', ...words], { SAFE_COMPOSE_STORE: store })
  return [
    {
      what: `by hand: ${byHand.name} | gzip`,
      commands: [piped(byHand.line, 'dump.gz')],
      kept: () => sizeOf(scratch, ['dump.gz']),
    },
    {
      what: `as scripts do it: tar czf of the volume${byScripts === null ? '' : `, then ${byScripts.name} | gzip`}`,
      commands: [
        project.docker(['run', '--rm', ...mounts, ...tar]),
        ...(byScripts === null ? [] : [piped(byScripts.line, 'all.gz')]),
      ],
      kept: () => sizeOf(scratch, ['v.tar.gz', ...(byScripts === null ? [] : ['all.gz'])]),
    },
    {
      what: 'safe-compose backup --no-dump: the files, online, counted',
      commands: [safe('--no-dump')],
      kept: () => newestIn(store),
    },
    {
      what: 'safe-compose backup: the files, online, and a dump',
      commands: [safe()],
      kept: () => newestIn(store),
    },
    {
      what: 'safe-compose backup --pause --no-dump: the files, paused',
      commands: [safe('--pause', '--no-dump')],
      kept: () => newestIn(store),
    },
  ]
}

async function compare(
  project: BenchProject,
  database: OnlineDatabase,
  rounds: number,
): Promise<readonly Row[]> {
  const { stdout } = await time(inside(project, `du -sk ${database.mount} | cut -f 1`))
  const rows: Row[] = [
    {
      what: `${database.name}, ${megabytes(Number(stdout) * 1024)} of files, written to`,
      measured: '',
      ratio: null,
      bound: null,
    },
  ]
  let dump = 0
  for (const [index, { what, commands, kept }] of waysOf(project, database).entries()) {
    const times: number[] = []
    const waits: number[] = []
    for (let round = 0; round < rounds; round++) {
      const { milliseconds, longestWait } = await underLoad(project, database, commands)
      times.push(milliseconds)
      waits.push(longestWait)
    }
    const took = median(times)
    if (index === 0) dump = took
    rows.push({
      what,
      measured: `${seconds(took)}, ${megabytes(await kept())}, a writer waited ${Math.round(median(waits))} ms at most`,
      ratio: index === 0 ? null : dump / took,
      bound: index === 2 && database.name.startsWith('PostgreSQL') ? { atLeast: 1 } : null,
    })
  }
  return rows
}

/** Runs the commands while one client writes without a break. */
async function underLoad(
  project: BenchProject,
  { client, statement }: OnlineDatabase,
  commands: readonly Command[],
): Promise<{ readonly milliseconds: number; readonly longestWait: number }> {
  await run('sync', [])
  const writer = await startWriting(inside(project, client), statement)
  let milliseconds = 0
  for (const command of commands) milliseconds += (await time(command)).milliseconds
  return { milliseconds, longestWait: await writer.stop() }
}

async function sizeOf(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async file => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Bytes of the newest restore point's archives and dumps. */
async function newestIn(store: string): Promise<number> {
  const files = await readdir(store, { recursive: true, withFileTypes: true })
  const manifests = files.filter(file => file.name === 'manifest.json').map(({ parentPath }) => parentPath)
  const newest = manifests.toSorted().at(-1) ?? store
  const inIt = await readdir(newest, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    inIt.filter(file => file.isFile()).map(async file => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
