import type { TestEngine } from '../engine/index.ts'
import { benchProject, type BenchProject } from './bench-project.ts'
import { roundRobin } from './measure.ts'
import type { Row } from './table.ts'

const services = 50
const volumes = 300

/**
 * What looking and judging cost when there is nothing to say: a dry run of `up` does nothing else. The start of Node is
 * taken off, since `config` has none.
 */
export async function measureLook(engine: TestEngine, rounds: number): Promise<readonly Row[]> {
  return [
    await measureUp(engine, rounds, {
      what: `look at ${services} services, ${volumes} volumes on the engine, against config`,
      compose: projectOf(services),
      prepare: makeVolumes,
    }),
    await measureUp(engine, rounds, {
      what: 'judge `up -d` of 3 services with nothing to say, against config',
      compose: projectOf(3),
      prepare: async () => {},
    }),
  ]
}

async function measureUp(
  engine: TestEngine,
  rounds: number,
  about: {
    readonly what: string
    readonly compose: string
    readonly prepare: (project: BenchProject) => Promise<void>
  },
): Promise<Row> {
  const project = await benchProject(engine, about.compose)
  try {
    await about.prepare(project)
    await project.run(project.bare(['create']))
    const node = { ...project.safe([]), words: ['-e', '0'] }
    const commands = [
      node,
      project.bare(['config', '--format', 'json']),
      project.safe(['--safe-dry-run', 'up', '-d']),
    ]
    const [start, config, look] = await roundRobin(commands, rounds)
    if (start === undefined || config === undefined || look === undefined)
      throw new Error('nothing was measured')
    return {
      what: about.what,
      measured: `${(look.median - start.median).toFixed(0)} ms, config ${config.median.toFixed(0)} ms`,
      ratio: (look.median - start.median) / config.median,
      bound: { atMost: 2 },
    }
  } finally {
    await project.remove()
  }
}

/** Services with two volumes each. */
function projectOf(count: number): string {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  return [
    'services:',
    ...numbers.flatMap(number => [
      `  service${number}:`,
      '    image: busybox',
      '    command: [sleep, infinity]',
      `    environment: { NUMBER: '${number}', OTHER: 'something longer, as it is in real files' }`,
      `    volumes: [data${number}:/data, more${number}:/more]`,
    ]),
    'volumes:',
    ...numbers.flatMap(number => [`  data${number}:`, `  more${number}:`]),
    '',
  ].join('\n')
}

/** Those of the project itself come with its containers; the others belong to nobody. */
async function makeVolumes(project: BenchProject): Promise<void> {
  for (let number = services * 2; number < volumes; number++)
    await project.run(project.docker(['volume', 'create', `${project.name}_other${number}`]))
}
