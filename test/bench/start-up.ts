import type { TestEngine } from '../engine/index.ts'
import { benchProject } from './bench-project.ts'
import { roundRobin } from './measure.ts'
import type { Row } from './table.ts'

/** What a read-only command costs more than the bare Compose, in starts of Node. */
export async function measureStartUp(engine: TestEngine, rounds: number): Promise<readonly Row[]> {
  const project = await benchProject(
    engine,
    'services:\n  one:\n    image: busybox\n    command: [sleep, infinity]\n',
  )
  try {
    await project.run(project.bare(['up', '-d']))
    const rows: Row[] = []
    for (const word of ['version', 'ps']) {
      const node = { ...project.safe([]), words: ['-e', '0'] }
      const [start, bare, safe] = await roundRobin([node, project.bare([word]), project.safe([word])], rounds)
      if (start === undefined || bare === undefined || safe === undefined)
        throw new Error('nothing was measured')
      rows.push({
        what: `safe-compose ${word} less bare Compose, in starts of Node`,
        measured: `${safe.median.toFixed(0)} ms, bare ${bare.median.toFixed(0)} ms, node -e 0 ${start.median.toFixed(0)} ms`,
        ratio: (safe.median - bare.median) / start.median,
        bound: { atMost: 1.3 },
      })
    }
    return rows
  } finally {
    await project.remove()
  }
}
