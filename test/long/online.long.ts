import { describe, test } from 'vitest'
import { pgbench, scripts, sqlite, transfers } from '../e2e/loads.ts'
import { backUpUnderLoad, underLoad } from '../e2e/under-load.ts'

/** Twenty times in a row, since a copy that is wrong once in sixty is wrong. */
describe.each([
  { what: 'postgres:15', load: pgbench('postgres:15') },
  { what: 'postgres:17', load: pgbench('postgres:17') },
  { what: 'postgres:18', load: pgbench('postgres:18') },
  { what: 'mariadb:10.11', load: transfers('mariadb:10.11') },
  { what: 'redis:7 with snapshots', load: scripts('redis', 'redis:7', []) },
  { what: 'redis:7 with a log', load: scripts('redis', 'redis:7', ['--save', '', '--appendonly', 'yes']) },
  { what: 'SQLite by sqlite3', load: sqlite('/usr/local/bin:/usr/bin:/bin') },
  { what: 'SQLite by python3', load: sqlite('/usr/bin:/bin') },
])('$what', ({ load }) => {
  test('twenty backups under load, each put back, each one moment of it', async () => {
    const project = await underLoad(load)
    for (let round = 1; round <= 20; round++) await backUpUnderLoad(project, load)
  })
})
