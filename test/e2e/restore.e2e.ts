import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data, other:/other]
volumes: { data: {}, other: {} }
`

async function filled(): Promise<Scenario> {
  const project = await scenario(service)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await project.inside('keeper', 'echo first > /data/word; echo first > /other/word')
  return project
}

async function backup(project: Scenario, words: readonly string[] = []): Promise<string> {
  const run = await project.safe(['backup', ...words])
  expect(run.code, run.stderr).toBe(0)
  const { stdout } = await project.safe(['backups', '--json'])
  return (JSON.parse(stdout) as { id: string }[])[0]?.id ?? ''
}

describe('restore', () => {
  test('never merges: what came since is gone from the volume, and saved in a safety restore point', async () => {
    const project = await filled()
    const id = await backup(project)
    await project.inside('keeper', 'echo second > /data/word; echo late > /data/late')
    const restore = await project.safe(['restore', id])
    expect(restore.code, restore.stderr).toBe(0)
    expect(await project.inside('keeper', 'cat /data/word; ls /data')).toBe('first\nword')
    const { stdout } = await project.safe(['backups', '--json'])
    const safety = (JSON.parse(stdout) as { id: string; reason: string }[]).find(
      point => point.reason === 'safety',
    )
    const back = await project.safe(['restore', safety?.id ?? ''])
    expect(back.code, back.stderr).toBe(0)
    expect(await project.inside('keeper', 'cat /data/word /data/late')).toBe('second\nlate')
  })

  test('of one volume leaves the others; into another volume leaves the original', async () => {
    const project = await filled()
    await backup(project)
    await project.inside('keeper', 'echo second > /data/word; echo second > /other/word')
    const one = await project.safe(['restore', '--volume', 'data'])
    expect(one.code, one.stderr).toBe(0)
    expect(await project.inside('keeper', 'cat /data/word /other/word')).toBe('first\nsecond')
    const copy = await project.safe([
      'restore',
      '--volume',
      `${project.name}_other`,
      '--to',
      `${project.name}_copy`,
    ])
    expect(copy.code, copy.stderr).toBe(0)
    const look = ['run', '--rm', '-v', `${project.name}_copy:/d`, 'busybox', 'cat', '/d/word']
    const there = await project.safe(['backups'])
    expect(there.code).toBe(0)
    expect(await project.inside('keeper', 'cat /other/word')).toBe('second')
    expect(['first\n', 'second\n']).toContain((await project.docker(look)).stdout)
  })

  test.each(['data', '_data', null])(
    '--from an archive of others, with its folder %s found and taken off',
    async wrapping => {
      const project = await filled()
      const folder = join(project.directory, 'archive', wrapping ?? '.')
      mkdirSync(join(folder, 'deep'), { recursive: true })
      writeFileSync(join(folder, 'word'), 'from outside\n')
      writeFileSync(join(folder, 'deep', 'word'), 'deep\n')
      const archive = join(project.directory, 'old_postgres.tar.gz')
      execFileSync('tar', ['-C', join(project.directory, 'archive'), '-czf', archive, wrapping ?? '.'])
      const restore = await project.safe(['restore', '--from', archive, '--volume', 'data'])
      expect(restore.code, restore.stderr).toBe(0)
      expect(await project.inside('keeper', 'cat /data/word /data/deep/word; ls /data')).toBe(
        'from outside\ndeep\ndeep\nword',
      )
    },
  )

  test('a broken archive of others touches nothing', async () => {
    const project = await filled()
    const archive = join(project.directory, 'broken.tar.gz')
    writeFileSync(archive, 'this is no archive')
    const restore = await project.safe(['restore', '--from', archive, '--volume', 'data'])
    expect(restore.code, restore.stderr).toBe(1)
    expect(restore.stderr).toContain('broken.tar.gz')
    expect(await project.inside('keeper', 'cat /data/word')).toBe('first')
  })
})

describe('backup', () => {
  test('of named services and volumes only, with a tag that is kept', async () => {
    const project = await filled()
    const id = await backup(project, ['--tag', 'before-v2', 'data'])
    expect(id).toContain('before-v2')
    const show = await project.safe(['show', id, '--json'])
    const holdings = (JSON.parse(show.stdout) as { holdings: { holding: { name: string } }[] }).holdings
    expect(holdings.map(each => each.holding.name)).toEqual([`${project.name}_data`])
    expect((await project.safe(['backup', 'nonsense'])).code).toBe(1)
    expect((await project.safe(['backup', '--tag', '../x'])).code).toBe(123)
    expect((await project.safe(['backup', '--nonsense'])).code).toBe(123)
  })

  test('--stop takes a cold copy and starts again only what ran', async () => {
    const project = await filled()
    const id = await backup(project, ['--stop'])
    expect(await project.containers()).toEqual([`${project.container('keeper')} running`])
    const show = await project.safe(['show', id, '--json'])
    const { holdings } = JSON.parse(show.stdout) as { holdings: { consistency: string }[] }
    expect(holdings.map(each => each.consistency)).toEqual(['cold', 'cold'])
  })

  test('the state that is kept holds no value of the environment', async () => {
    const project = await scenario(
      service.replace('image: busybox', 'image: busybox\n    environment: { SECRET: "${SECRET}" }'),
    )
    const variables = { SECRET: 'never-on-disk-4711' }
    expect((await project.bare(['up', '-d'], { variables })).code).toBe(0)
    await project.inside('keeper', 'echo first > /data/word')
    const run = await project.safe(['backup'], { variables })
    expect(run.code, run.stderr).toBe(0)
    const found = await project.docker(['version'])
    expect(found.code).toBe(0)
    expect(() => execFileSync('grep', ['-r', 'never-on-disk-4711', project.store])).toThrow('Command failed')
  })
})
