import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeManifest } from '../../src/core/manifest.ts'
import { restorePointId } from '../../src/core/restore-point-id.ts'
import type { StoredFile } from '../../src/model/restore-point.ts'
import type { TestEngine } from '../engine/index.ts'
import { manualManifest } from '../fakes/restore-point.ts'
import { benchProject } from './bench-project.ts'
import { roundRobin, time } from './measure.ts'
import { seconds, type Row } from './table.ts'

const count = 10_000
const sixHours = 6 * 3_600_000

/** How long lists take where there are very many restore points, in starts of Node: a second is about 25 of them. */
export async function measureMany(engine: TestEngine, rounds: number): Promise<readonly Row[]> {
  const project = await benchProject(
    engine,
    'services:\n  one:\n    image: busybox\n    volumes: ["data:/data"]\nvolumes: { data: {} }\n',
  )
  try {
    const root = join(project.scratch, 'store')
    await fillStore(join(root, 'engine-1', project.name), project.name)
    const store = { SAFE_COMPOSE_STORE: root }
    const node = { ...project.safe([]), words: ['-e', '0'] }
    const lines = [['backups'], ['prune', '--dry-run']]
    const listed = await time(project.safe(['backups', '--json'], store))
    if ((JSON.parse(listed.stdout) as readonly unknown[]).length !== count)
      throw new Error(`${count} restore points were made and others listed`)
    const [start, ...lists] = await roundRobin(
      [node, ...lines.map(words => project.safe(words, store))],
      rounds,
    )
    if (start === undefined) throw new Error('nothing was measured')
    return lists.map(({ median }, index) => ({
      what: `${lines[index]?.join(' ')} of ${count} restore points, in starts of Node`,
      measured: `${seconds(median)}, node -e 0 ${start.median.toFixed(0)} ms`,
      ratio: median / start.median,
      bound: { atMost: 25 },
    }))
  } finally {
    await project.remove()
  }
}

/** Every six hours one volume with what belongs to it, as the timer leaves it. */
async function fillStore(folder: string, project: string): Promise<void> {
  const newest = Date.now() - sixHours
  for (let index = 0; index < count; index++) {
    const taken = new Date(newest - index * sixHours)
    const id = restorePointId(taken, 'schedule', null)
    const file = (path: string): StoredFile => ({ path, bytes: 1, sha256: 'a'.repeat(64) })
    const archive = file('volumes/data.tar.zst')
    const state = ['state/compose/1-compose.yaml', 'state/model.json', 'state/inspect.json'].map(file)
    const tar = {
      bytes: 10_240,
      entries: 3,
      files: 2,
      directories: 1,
      links: 0,
      others: 0,
      contentBytes: 9000,
    }
    const fields = manualManifest(
      { engine: 'engine-1', project },
      { ...archive, form: 'archive', compression: 'zstd', tar },
    )
    const times = { startedAt: taken.toISOString(), finishedAt: taken.toISOString() }
    for (const part of ['volumes', 'state/compose']) await mkdir(join(folder, id, part), { recursive: true })
    for (const { path } of [archive, ...state]) await writeFile(join(folder, id, path), 'x')
    await writeFile(
      join(folder, id, 'manifest.json'),
      encodeManifest({
        ...fields,
        ...times,
        format: 1,
        id,
        sequence: count - index,
        reason: 'schedule',
        state,
      }),
    )
  }
}
