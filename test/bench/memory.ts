import type { TestEngine } from '../engine/index.ts'
import { benchProject } from './bench-project.ts'
import { peakMemory, type Peak } from './measure.ts'
import { megabytes, seconds, type Row } from './table.ts'

/** Megabytes of the two volumes. */
const small = 400
const large = 4000

/** Where the bytes go through our own process, and where they go past it. */
const ways = [
  { source: 'api', compression: 'gzip' },
  { source: 'api', compression: 'zstd' },
  { source: 'mountpoint', compression: 'zstd' },
] as const

/** The highest memory of a large backup against that of a small one. */
export async function measureMemory(engine: TestEngine): Promise<readonly Row[]> {
  const project = await benchProject(
    engine,
    `services:
  one:
    image: busybox
    command: [sleep, infinity]
    volumes: [small:/small, large:/large]
volumes: { small: {}, large: {} }
`,
  )
  try {
    await project.run(project.bare(['create']))
    for (const [name, size] of [
      ['small', small],
      ['large', large],
    ] as const)
      await project.run(project.docker(fillVolume(`${project.name}_${name}`, size)))
    const rows: Row[] = []
    for (const way of ways) {
      const variables = { SAFE_COMPOSE_SOURCE: way.source, SAFE_COMPOSE_COMPRESSION: way.compression }
      const peakOf = (volume: string): Promise<Peak> =>
        peakMemory(project.safe(['backup', '--stop', volume], variables))
      const [less, more] = [await peakOf('small'), await peakOf('large')]
      const how = `${way.source} and ${way.compression}`
      const took = `${seconds(less.milliseconds)} and ${seconds(more.milliseconds)}`
      rows.push(
        memoryRow(`${large} MB against ${small} MB, ${how}, our process`, less.own, more.own, took),
        memoryRow(
          `${large} MB against ${small} MB, ${how}, with its children`,
          less.own + less.children,
          more.own + more.children,
          took,
        ),
      )
    }
    return rows
  } finally {
    await project.remove()
  }
}

function memoryRow(what: string, less: number, more: number, took: string): Row {
  return {
    what,
    measured: `${megabytes(more)}, ${megabytes(less)} (${took})`,
    ratio: more / less,
    bound: { atMost: 1.2 },
  }
}

/** Files of 50 MB, every other one of them not to be compressed. */
function fillVolume(volume: string, megabytesWanted: number): readonly string[] {
  const pairs = megabytesWanted / 100
  const script = `i=0; while [ $i -lt ${pairs} ]; do
    dd if=/dev/urandom of=/v/random$i bs=1M count=50 2>/dev/null &&
    yes "row $i of a table that compresses well" | head -c 50000000 >/v/text$i || exit 1
    i=$((i + 1))
  done`
  return ['run', '--rm', '-v', `${volume}:/v`, 'busybox', 'sh', '-c', script]
}
