import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readExposition } from '../fakes/exposition.ts'
import { startSmtpServer } from '../fakes/smtp-server.ts'
import { startWebServer } from '../fakes/web-server.ts'
import { scenario } from './scenario.ts'

/** What an operator hears of backups that nobody watches, and what a pipeline and Prometheus are told. */

const compose = `
services:
  keeper: { image: busybox, command: sleep 600, stop_grace_period: 0s, volumes: ['data:/data'] }
volumes: { data: {} }
`

test('backups without a terminal: a failure and the recovery are told, the gate and the metrics agree', async () => {
  const project = await scenario(compose)
  const hook = await startWebServer(response => response.writeHead(200).end('ok'))
  const mail = await startSmtpServer()
  onTestFinished(hook.close)
  onTestFinished(mail.close)
  const folder = join(project.variables['XDG_CONFIG_HOME'] ?? '', 'safe-compose')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'hook'), `${hook.address}/s3cr3t-path`)
  await writeFile(
    join(folder, 'config.yaml'),
    `notify:
  channels:
    - { kind: webhook, urlFile: ${join(folder, 'hook')}, on: [failed, recovered] }
    - { kind: email, host: 127.0.0.1, port: ${mail.port}, security: none, from: a@example.org, to: b@example.org, on: failed }
    - { kind: slack, url: 'http://127.0.0.1:9/s3cr3t-path', on: succeeded }
`,
  )
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await project.inside('keeper', 'echo kept > /data/file')

  const shut = await project.safe(['backups', '--gate', '24h'])
  expect(shut.code).toBe(1)
  expect(shut.stdout).toBe('')
  expect(shut.stderr).toContain(
    `${project.name} has no good backup\n  take one, then go on: safe-compose backup`,
  )

  await writeFile(project.store, 'a file where the store should be')
  const failed = await project.safe(['backup'])
  expect(failed.code).toBe(1)
  const [told] = hook.arrived.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
  expect(told).toMatchObject({ kind: 'failed', job: 'backup', project: project.name })
  expect(mail.mails[0]?.text.replaceAll(/=?\n\s?/g, '')).toContain(
    `Subject: backup of ${project.name} failed`,
  )

  await rm(project.store)
  const well = await project.safe(['backup'])
  expect(well.code).toBe(0)
  expect(well.stderr).toContain('slack (127.0.0.1:9) could not be told: the connection was refused')
  expect(failed.stderr + well.stderr).not.toContain('s3cr3t')
  expect(hook.arrived.map(({ body }) => (JSON.parse(body) as { kind: string }).kind)).toEqual([
    'failed',
    'recovered',
  ])
  expect((await project.safe(['backups', '--gate', '24h'])).code).toBe(0)

  const file = join(project.directory, 'safe-compose.prom')
  expect((await project.safe(['metrics', '--all', '--textfile', file])).code).toBe(0)
  const metrics = readExposition(await readFile(file, 'utf8'))
  expect(metrics.get(`safe_compose_job_ok{job="backup",project="${project.name}"}`)).toBe(1)
  const good = [...metrics].filter(([name]) => name.startsWith('safe_compose_backup_good{'))
  expect(good).toEqual([[expect.stringContaining(`project="${project.name}"`), 1]])

  const listed = await project.safe(['notify'])
  expect(listed.stdout).toMatch(/slack \(127\.0\.0\.1:9\) +succeeded +1 notice/)
  const tested = await project.safe(['notify', '--test'])
  expect(tested.code).toBe(1)
  expect(tested.stdout).toMatch(/^✔ {2}1 .*\n✔ {2}2 .*\n✗ {2}3 .*the connection was refused/)
  expect(tested.stdout + listed.stdout).not.toContain('s3cr3t')
})
