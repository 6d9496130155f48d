import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestEngine } from '../engine/index.ts'
import { run } from '../engine/run.ts'
import { benchProject, type BenchProject } from './bench-project.ts'
import { median, time, type Command } from './measure.ts'
import { megabytes, seconds, type Row } from './table.ts'

const image = 'postgres:17'
const withPgbench = 'PATH=$PATH:/usr/lib/postgresql/17/bin;'

/**
 * A PostgreSQL that is written to all the time, saved while it goes on: by us, by `pg_dump | gzip`, and as shell scripts
 * do it (a tar of the volume, then `pg_dumpall | gzip`). Of each: the time, what it takes on disk, and the longest that
 * a writer had to wait for a transaction meanwhile.
 *
 * @param scale of pgbench: 60 makes a database of 0.9 GB
 */
export async function measureOnline(
  engine: TestEngine,
  scale: number,
  rounds: number,
): Promise<readonly Row[]> {
  await engine.ensureImages(['busybox', image])
  const project = await benchProject(
    engine,
    `services:
  db:
    image: ${image}
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: [pgdata:/var/lib/postgresql/data]
volumes: { pgdata: {} }
`,
  )
  try {
    await fill(project, scale)
    return await compare(project, rounds)
  } finally {
    await project.remove()
  }
}

function inside(project: BenchProject, line: string): Command {
  return project.bare(['exec', '-T', 'db', 'sh', '-c', `${withPgbench} ${line}`])
}

async function fill(project: BenchProject, scale: number): Promise<void> {
  await project.run(project.bare(['up', '-d']))
  const ready = 'until pg_isready -q -h 127.0.0.1 -U postgres; do sleep 0.3; done'
  await project.run(inside(project, `timeout 120 sh -c '${ready}'`))
  await project.run(inside(project, `pgbench -q -i -U postgres -s ${scale} postgres`))
  await project.run(inside(project, 'psql -q -U postgres -c checkpoint'))
}

/** The ways, each with the command and where its output lies. */
function waysOf(project: BenchProject): readonly {
  readonly what: string
  readonly commands: readonly Command[]
  readonly kept: () => Promise<number>
}[] {
  const { scratch, name } = project
  const store = join(scratch, 'online-store')
  const piped = (words: string, file: string): Command => ({
    ...project.docker([]),
    program: 'bash',
    words: ['-o', 'pipefail', '-ec', `docker exec ${name}-db-1 ${words} | gzip > '${join(scratch, file)}'`],
  })
  const tar = [`${name}_pgdata:/v:ro`, `${scratch}:/out`].flatMap(mount => ['-v', mount])
  return [
    {
      what: 'by hand: pg_dump | gzip',
      commands: [piped('pg_dump -U postgres postgres', 'dump.sql.gz')],
      kept: () => sizeOf(scratch, ['dump.sql.gz']),
    },
    {
      what: 'as scripts do it: tar czf of the volume, then pg_dumpall | gzip',
      commands: [
        // What changes while tar reads it makes it end with 1; scripts go on all the same, and so does the time.
        project.docker([
          'run',
          '--rm',
          ...tar,
          'busybox',
          'sh',
          '-c',
          'tar czf /out/v.tar.gz -C /v . || true',
        ]),
        piped('pg_dumpall -U postgres', 'all.sql.gz'),
      ],
      kept: () => sizeOf(scratch, ['v.tar.gz', 'all.sql.gz']),
    },
    {
      what: 'safe-compose backup --no-dump: the files, online, counted',
      commands: [project.safe(['backup', '--no-dump'], { SAFE_COMPOSE_STORE: store })],
      kept: () => newestIn(store),
    },
    {
      what: 'safe-compose backup: the files, online, and a dump',
      commands: [project.safe(['backup'], { SAFE_COMPOSE_STORE: store })],
      kept: () => newestIn(store),
    },
    {
      what: 'safe-compose backup --pause --no-dump: the files, paused',
      commands: [project.safe(['backup', '--pause', '--no-dump'], { SAFE_COMPOSE_STORE: store })],
      kept: () => newestIn(store),
    },
  ]
}

async function compare(project: BenchProject, rounds: number): Promise<readonly Row[]> {
  const { stdout } = await time(
    inside(project, 'psql -qtA -U postgres -c "select pg_database_size(\'postgres\')"'),
  )
  const rows: Row[] = [
    {
      what: `a database of ${megabytes(Number(stdout))}, written to`,
      measured: '',
      ratio: null,
      bound: null,
    },
  ]
  let dump = 0
  for (const [index, { what, commands, kept }] of waysOf(project).entries()) {
    const times: number[] = []
    const waits: number[] = []
    for (let round = 0; round < rounds; round++) {
      const { milliseconds, longestWait } = await underLoad(project, commands)
      times.push(milliseconds)
      waits.push(longestWait)
    }
    const took = median(times)
    if (index === 0) dump = took
    rows.push({
      what,
      measured: `${seconds(took)}, ${megabytes(await kept())}, a writer waited ${Math.round(median(waits))} ms at most`,
      ratio: index === 0 ? null : dump / took,
      bound: index === 2 ? { atLeast: 1 } : null,
    })
  }
  return rows
}

/** Runs the commands while one client writes without a break; the longest transaction is how long it was held up. */
async function underLoad(
  project: BenchProject,
  commands: readonly Command[],
): Promise<{ readonly milliseconds: number; readonly longestWait: number }> {
  const load = time(
    inside(
      project,
      `rm -f /tmp/waited* /tmp/enough; pgbench -n -c 1 -T 3600 -l --log-prefix=/tmp/waited -U postgres postgres >/dev/null 2>&1 & pid=$!
       until [ -e /tmp/enough ]; do sleep 0.1; done; kill $pid; wait $pid
       cat /tmp/waited* | awk '$3 > most { most = $3 } END { print most / 1000 }'`,
    ),
  )
  await new Promise(resolve => setTimeout(resolve, 1000))
  await run('sync', [])
  let milliseconds = 0
  for (const command of commands) milliseconds += (await time(command)).milliseconds
  await project.run(inside(project, 'touch /tmp/enough'))
  const { stdout } = await load
  const longestWait = Number(stdout)
  if (!(longestWait > 0)) throw new Error(`nothing was written meanwhile: ${stdout}`)
  return { milliseconds, longestWait }
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
