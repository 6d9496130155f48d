import { beforeAll, describe, expect, test } from 'vitest'
import { pgbench, scripts, transfers } from '../e2e/loads.ts'
import { backUpUnderLoad, underLoad } from '../e2e/under-load.ts'
import { startEngine } from '../engine/index.ts'

beforeAll(async () => {
  await startEngine({ images: ['postgres:13', 'mariadb:10.5', 'redis:6'] })
}, 1_200_000)

/** Servers that are out of support, and still run: the oldest that Debian's mirrors have. */
describe.each([
  { what: 'PostgreSQL 13', load: pgbench('postgres:13'), label: 'PostgreSQL 13' },
  { what: 'MariaDB 10.5', load: transfers('mariadb:10.5'), label: 'MariaDB 10.5' },
  {
    what: 'Redis 6 with snapshots',
    load: scripts('redis', 'redis:6', ['--save', '3600', '1']),
    label: 'Redis 6',
  },
  {
    what: 'Redis 6 with a log, which is one file there',
    load: scripts('redis', 'redis:6', ['--save', '', '--appendonly', 'yes']),
    label: 'Redis 6',
  },
])('$what', ({ load, label }) => {
  test('backups under load are of one moment; copy and dumps come up and have what was counted', async () => {
    const project = await underLoad(load)
    for (let round = 1; round <= 3; round++) {
      const point = await backUpUnderLoad(project, load)
      expect(point.holdings[0]).toMatchObject({ consistency: 'online', source: 'server' })
    }
    const verified = await project.safe(['verify', '--level', 'boot'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(new RegExp(`✔ db +${label}[\\d.]* came up in`))
    const health = await project.safe(['health', 'db'])
    expect(health.stdout).toContain(label)
  })
})
