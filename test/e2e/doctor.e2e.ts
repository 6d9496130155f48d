import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Check } from '../../src/core/doctor.ts'
import { eventually, isV1, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const compose = `${isV1 ? 'version: "3.7"' : ''}
services:
  cache:
    image: redis:7
    volumes: [words:/data]
volumes:
  words: {}
`

function healthOf(run: Ended, id: string): Check['health'] | undefined {
  const { checks } = JSON.parse(run.stdout) as { readonly checks: readonly Check[] }
  return checks.find(check => check.id === id)?.health
}

async function filled(): Promise<{ readonly project: Scenario; readonly file: string }> {
  const project = await scenario(compose)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('cache', 'redis-cli set word kept && redis-cli save'))
  return { project, file: join(project.directory, 'compose.yaml') }
}

test('the checklist changes nothing, and says what mends what', async () => {
  const { project } = await filled()
  const looked = await project.safe(['doctor'])
  expect(looked.code, looked.stderr).toBe(2)
  expect(looked.stdout).toMatch(/^✗ restore point, last 6 h +there is none +→ safe-compose backup$/m)
  expect(looked.stdout).toMatch(/^[!✗] volumes pinned .* → safe-compose pin$/m)
  expect(looked.stdout.trim().split('\n').at(-1)).toMatch(/^\d+ well, .*to mend/)
  const report = await project.safe(['report', '--html', '-'])
  expect(report.code, report.stderr).toBe(0)
  expect(report.stdout).toContain('<h1>0 of 1 volume protected</h1>')
  expect(report.stdout).toContain(`<div>${project.name}_words<small>used by cache</small></div>`)
  expect(report.stdout).toMatch(/<\/html>\n$/)
  expect((await project.safe(['backups', '--json'])).stdout.trim()).toBe('[]')
  expect((await project.safe(['doctor', '--yes'])).code).toBe(123)
})

test('--fix takes the restore point, and changes the file only where that was said', async () => {
  const { project, file } = await filled()
  const before = await readFile(file, 'utf8')

  const careful = await project.safe(['doctor', '--fix', '--json'])
  expect(careful.stderr).toContain('say --yes to write it without a question')
  expect(await readFile(file, 'utf8')).toBe(before)
  expect(healthOf(careful, 'restore-point'), careful.stderr).toBe('well')
  expect(healthOf(careful, 'pinned')).not.toBe('well')

  const bold = await project.safe(['doctor', '--fix', '--yes', '--json'])
  expect(await readFile(file, 'utf8'), bold.stderr).toContain(`name: ${project.name}_words`)
  expect(healthOf(bold, 'pinned'), bold.stderr).toBe('well')
  expect(JSON.parse((await project.safe(['backups', '--json'])).stdout)).toHaveLength(1)
})

test('a file that is there and broken is named, and is no missing project', async () => {
  const project = await scenario(compose.replace('words: {}', 'words: {'))
  for (const words of [['doctor', '--fix', '--yes'], ['backup'], ['plan']]) {
    const { code, stderr } = await project.safe(words)
    expect(code, stderr).toBe(1)
    expect(stderr).toContain(join(project.directory, 'compose.yaml'))
    expect(stderr).not.toContain('there is no project')
  }
})
