import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { encodeManifest } from '../../src/core/manifest.ts'
import { aRestorePoint } from '../fakes/question.ts'

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))
const compose = fileURLToPath(new URL('../fakes/compose.js', import.meta.url))

test('a reader that is slower than we are gets all of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'safe-compose-long-'))
  try {
    for (let number = 0; number < 100; number++) {
      const { manifest } = aRestorePoint({ id: `20261123T1115${number}Z-schedule`, sequence: number })
      const path = join(folder, 'engine-1', 'shop', manifest.id)
      mkdirSync(path, { recursive: true })
      writeFileSync(join(path, 'manifest.json'), encodeManifest(manifest))
    }
    const line = `"$0" "$1" backups --all --json | (sleep 1; cat)`
    const variables = { SAFE_COMPOSE_STORE: folder, SAFE_COMPOSE_DOCKER_COMPOSE: compose, HOME: folder }
    const text = execFileSync('sh', ['-c', line, process.execPath, executable], {
      env: { PATH: process.env['PATH'], ...variables },
      encoding: 'utf8',
      maxBuffer: 10_000_000,
    })
    expect(text.length).toBeGreaterThan(3 * 65_536)
    expect(JSON.parse(text)).toHaveLength(100)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
