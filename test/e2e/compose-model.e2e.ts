import { fileURLToPath } from 'node:url'
import { expect, inject, test } from 'vitest'
import type { ModelAnswer } from '../../src/model/ports.ts'
import type { Model } from '../../src/model/facts.ts'
import { isV1, runProgram, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const program = fileURLToPath(new URL('../fakes/guarded-run.ts', import.meta.url))
const { command, version } = inject('engine').compose
const heading = isV1 ? `version: '3.7'\n` : ''

interface Asked {
  readonly model: ModelAnswer
  readonly whole: ModelAnswer
  readonly hashes: Readonly<Record<string, string>>
}

test('the model is what this Compose will act on', async () => {
  const project = await scenario(`${heading}
services:
  db:
    image: busybox
    container_name: "\${NAME_OF_DB:-database}"
    labels: [kept=yes, bare]
    tmpfs: /run:size=1m
    volumes:
      - pgdata:/var/lib/data
      - ./config:/etc/config:ro
      - /anonymous
  web:
    image: busybox
    depends_on: [db]
    volumes: ['shared:/shared']
volumes:
  pgdata: { driver: local, driver_opts: { type: tmpfs, device: tmpfs, o: size=1m } }
  shared: { name: "\${SHARED:-elsewhere}" }
  outside: { external: true }
`)
  const { model, hashes } = await ask(project, ['up', '-d'])
  const { name, services, volumes } = modelOf(model)
  expect(name).toBe(project.name)
  const db = services.find(service => service.name === 'db')
  expect(db).toMatchObject({
    image: 'busybox',
    build: false,
    scale: 1,
    containerName: 'database',
    labels: { kept: 'yes', bare: '' },
    tmpfs: ['/run'],
    mounts: [
      { type: 'volume', source: 'pgdata', target: '/var/lib/data', readOnly: false },
      { type: 'bind', source: `${project.directory}/config`, target: '/etc/config', readOnly: true },
      { type: 'volume', source: null, target: '/anonymous', readOnly: false },
    ],
  })
  expect(services.find(service => service.name === 'web')).toMatchObject({ dependsOn: ['db'] })
  expect(volumes).toContainEqual({
    key: 'pgdata',
    name: `${project.name}_pgdata`,
    external: false,
    driver: 'local',
    driverOptions: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' },
    labels: {},
  })
  expect(volumes).toContainEqual(expect.objectContaining({ key: 'shared', name: 'elsewhere' }))
  expect(Object.keys(hashes).toSorted()).toEqual(['db', 'web'])
})

test('the whole model has what no service of the plain one uses', async () => {
  const project = await scenario(`${heading}
services:
  web: { image: busybox, volumes: ['used:/used'] }
  tool: { image: busybox, profiles: [tools], volumes: ['tooling:/tooling'] }
volumes: { used: {}, tooling: {}, unused: {} }
`)
  const { model, whole } = await ask(project, ['down'])
  const keys = (answer: ModelAnswer): readonly string[] => modelOf(answer).volumes.map(volume => volume.key)
  if (!isV1) expect(keys(model)).toEqual(['used'])
  expect(keys(whole)).toContain('tooling')
  expect(keys(whole)).toContain('used')
  if (isV1 || version.startsWith('2.40')) expect(keys(whole)).toContain('unused')
  expect(
    modelOf(whole)
      .services.map(service => service.name)
      .toSorted(),
  ).toEqual(['tool', 'web'])
})

test('a missing env file hides nothing from commands that do not need it', async () => {
  const project = await scenario(
    `${heading}
services:
  db: { image: busybox, env_file: missing.env, volumes: ['pgdata:/data'] }
  app: { image: busybox, volumes: ['\${WHERE:-here}:/files'] }
volumes: { pgdata: { name: "\${NAME}_x" }, here: {} }
`,
    { files: { '.env': 'NAME="from env"\n'.replace(' ', '-') } },
  )
  const bare = await project.bare(['down'])
  const { model } = await ask(project, ['down'])
  if (bare.code === 0) {
    const names = modelOf(model).volumes.map(volume => volume.name)
    expect(names.toSorted()).toEqual(['from-env_x', `${project.name}_here`])
  } else {
    expect(bare.stderr).toContain('missing.env')
  }
  const up = await ask(project, ['up', '-d'])
  expect(up.model).toMatchObject({ ok: false, error: expect.stringContaining('missing.env') as string })
})

test('a file that cannot be read is Compose’s error', async () => {
  const project = await scenario('services: [')
  const { model } = await ask(project, ['down', '-v'])
  expect(model.ok).toBe(false)
  const { stdout, stderr, code } = await project.bare(['config'])
  expect(model).toMatchObject({ code })
  expect(stderr + stdout).toContain(model.ok ? 'never' : model.error.slice(0, 40))
})

/** What is asked before a command runs. It does not run. */
async function ask(project: Scenario, words: readonly string[]): Promise<Asked> {
  const { stdout, stderr } = await runProgram(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--', program, '--ask-only', ...words],
    {
      directory: project.directory,
      variables: { ...project.variables, SAFE_COMPOSE_DOCKER_COMPOSE: command.join(' ') },
    },
  )
  const line = stdout.split('\n')[0] ?? ''
  if (!line.startsWith('{')) throw new Error(stderr)
  return JSON.parse(line) as Asked
}

function modelOf(answer: ModelAnswer): Model {
  if (!answer.ok) throw new Error(answer.error)
  return answer.model
}
