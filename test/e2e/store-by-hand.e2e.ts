import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, inject, test } from 'vitest'
import { debianAge } from '../engine/age.ts'
import { scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const compose = `
services:
  app:
    image: busybox
    command: sleep infinity
    init: true
    volumes: [pgdata:/data]
volumes:
  pgdata:
`

/** What a volume of a database may hold, and what must come back of it. */
const fill = `
mkdir -p /data/base && echo rows > /data/base/1 && ln /data/base/1 /data/hard && ln -s base/1 /data/soft
printf start > /data/holes && truncate -s 20M /data/holes
chown -R 999:999 /data && chmod 4750 /data/base/1 && touch -d '2001-02-03 04:05:06' /data/base/1 && chmod 700 /data`

// Through the engine the volume's own root gets the time of the unpacking; nothing goes by it.
const look =
  'cd /v && ls -lanR . | grep -v -e "\\.\\.$" -e ^total | sed "s/ [A-Z][a-z][a-z] .* \\.$/ ./" && find . -type f -exec md5sum {} + | sort'

test.each(['mountpoint', 'engine', 'encrypted'] as const)(
  'a person without the program must get a volume back by the store’s README: %s',
  async way => {
    const project = await scenario(compose)
    const key = way === 'encrypted' ? await makeKey(project) : null
    const variables = key === null ? {} : { SAFE_COMPOSE_RECIPIENTS: key.recipient }
    const volume = `${project.name}_pgdata`
    await project.bare(['up', '-d'])
    await project.inside('app', fill)
    const before = await lookInto(project, volume)
    const saved = await project.safe(['backup'], { variables })
    expect(saved.code, saved.stderr).toBe(0)
    const [point] = JSON.parse((await project.safe(['backups', '--json'])).stdout) as { path: string }[]
    await project.bare(['down', '-v', '-t', '0'])

    const [check = '', decrypt = '', mountpoint = '', engine = ''] = await commandsOf(
      join(project.store, 'README.md'),
    )
    const checked = key === null ? check : `${check.trim()}.age\n${decrypt}`
    const line = `${checked}\n${way === 'engine' ? engine : mountpoint}`
      .replaceAll('shop_pgdata', volume)
      .replaceAll('unpack', `${project.name}-unpack`)
      .replaceAll('identity.txt', key?.file ?? '')
      // `head` ends before its writers do, and this shell takes that for a failure of theirs.
      .replaceAll('| head -n 1', '| sed -n 1p')
    const run = await execa('bash', ['-euo', 'pipefail', '-c', line], {
      cwd: point?.path ?? '',
      env: { ...project.variables, PATH: `${await debianAge()}:${project.variables['PATH'] ?? ''}` },
      extendEnv: false,
    })

    const manifest = await readFile(join(point?.path ?? '', 'manifest.json'), 'utf8')
    expect(manifest).toContain(run.stdout.split(' ')[0])
    // An old engine takes it from files of several names that are not root's.
    const losesSetuid = way === 'engine' && Number.parseInt(inject('engine').version, 10) < 23
    expect(await lookInto(project, volume)).toBe(losesSetuid ? before.replaceAll('rws', 'rwx') : before)
    await project.docker(['volume', 'rm', volume])
  },
)

async function makeKey(project: Scenario): Promise<{ readonly file: string; readonly recipient: string }> {
  const file = join(project.directory, 'key.txt')
  const made = await project.safe(['keys', 'generate', file])
  expect(made.code, made.stderr).toBe(0)
  return { file, recipient: /age1\w+/.exec(made.stdout)?.[0] ?? '' }
}

/** The blocks of commands of the part that does without the program. */
async function commandsOf(readme: string): Promise<readonly string[]> {
  const text = await readFile(readme, 'utf8')
  const part = text.slice(text.indexOf('## Without it'))
  return [...part.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block.replace(/^ {4}/gm, ''))
}

async function lookInto(project: Scenario, volume: string): Promise<string> {
  const run = await project.docker(['run', '--rm', '-v', `${volume}:/v`, 'busybox', 'sh', '-c', look])
  expect(run.code, run.stderr).toBe(0)
  return run.stdout
}
