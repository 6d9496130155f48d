import type { TestEngine } from '../engine/index.ts'
import { benchProject, type BenchProject } from './bench-project.ts'
import { roundRobin } from './measure.ts'
import type { Row } from './table.ts'

const services = 50
const volumes = 300

/**
 * What safe-compose adds to an `up -d` that has nothing to do and about which there is nothing to say: the same line
 * without it is taken off, and the start of Node. In units of `config`, since reading the model is what nobody can do
 * faster than Compose.
 */
export async function measureLook(engine: TestEngine, rounds: number): Promise<readonly Row[]> {
  return [
    await measureUp(engine, rounds, {
      what: `added to \`up -d\` of ${services} services, ${volumes} volumes on the engine, against config`,
      compose: projectOf(services),
      prepare: makeVolumes,
    }),
    await measureUp(engine, rounds, {
      what: 'added to `up -d` of 3 services, against config',
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
    // What there is to warn about, once per project, is said now.
    await project.run(project.safe(['up', '-d']))
    const node = { ...project.safe([]), words: ['-e', '0'] }
    const commands = [
      node,
      project.bare(['config', '--format', 'json']),
      project.bare(['up', '-d']),
      project.safe(['up', '-d']),
    ]
    const [start, config, bare, safe] = await roundRobin(commands, rounds)
    if (start === undefined || config === undefined || bare === undefined || safe === undefined)
      throw new Error('nothing was measured')
    const added = safe.median - bare.median - start.median
    return {
      what: about.what,
      measured: `${added.toFixed(0)} ms, config ${config.median.toFixed(0)} ms`,
      ratio: added / config.median,
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
      '    stop_grace_period: 0s',
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
