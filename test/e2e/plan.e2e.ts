import { describe, expect, test } from 'vitest'
import { commands, edits } from './plan-cases.ts'
import { checkPlan, withNetwork } from './plan-check.ts'
import { composeHas, isV1, scenario } from './scenario.ts'

withNetwork()

/** The whole table takes long: test/long/plan.long.ts. */
describe('a plan says exactly what the bare Compose then does', () => {
  for (const each of [...edits, ...commands].filter(({ everyday }) => everyday === true))
    test.skipIf(!composeHas(each.since))(each.title, () => checkPlan(each))
})

const file = `
services:
  db:
    image: busybox
    command: sleep 600
    stop_grace_period: 0s
    network_mode: none
    volumes: [data:/data]
volumes: { data: {} }
`

test('a plan is read by people and by scripts, and changes nothing', async () => {
  const project = await scenario(isV1 ? `version: '3.7'\n${file}` : file)
  const container = project.container('db')
  const first = await project.safe(['plan', '--exit-code'])
  expect(first.stdout).toContain(`project ${project.name}: containers: 1 to create; volumes: 1 to create`)
  expect(first.code, first.stderr).toBe(2)
  expect(await project.containers()).toEqual([])
  expect(await project.volumes()).toEqual([])

  await project.bare(['up', '-d'])
  await project.inside('db', 'echo kept > /data/file')
  const again = await project.safe(['plan', '--exit-code', 'up', '-d'])
  expect(again.stdout).toContain(`project ${project.name}: nothing to do`)
  expect(again.code, again.stderr).toBe(0)

  const down = await project.safe(['plan', 'down', '-v'])
  expect(down.stdout).toMatch(/^ {2}✗ \S+_data +destroyed, .+, last write .+ +down --volumes; no backup$/m)
  expect(down.stdout).toContain('! down-volumes:')
  expect(down.stdout).toContain('more: safe-compose explain down-volumes')
  expect(down.code).toBe(0)

  const agent = { CLAUDECODE: '1' }
  const dry = await project.safe(['--safe-dry-run', 'down', '-v'], { variables: agent })
  expect(dry.stderr).toContain(`- ${container}`)
  expect(dry.stderr).toContain(
    'safe-compose itself: 1 destroyed; nothing backed up; refused, Compose does not run',
  )
  expect(dry.stderr).toContain('a dry run: nothing was changed, and Compose did not run')
  expect(dry.code).toBe(0)
  expect(await project.containers()).toEqual([`${container} running`])
  expect(await project.volumes()).toEqual([`${project.name}_data`])

  await project.safe(['backup'])
  const saved = await project.safe(['plan', 'down', '-v'])
  expect(saved.stdout).toMatch(/newest good backup/)
})

test('what Compose would reject, and what is no option of plan, is said', async () => {
  const project = await scenario(isV1 ? `version: '3.7'\n${file}` : file)
  const unknown = await project.safe(['plan', '--nonsense'])
  expect(unknown.code).toBe(123)
  expect(unknown.stderr).toContain('safe-compose plan [--json] [--exit-code]')
  const nonsense = await project.safe(['plan', 'up', '--nonsense'])
  expect(nonsense.code).toBe(123)
  expect(nonsense.stderr).toContain('Compose rejects this line')
  const failing = await project.safe(['plan', '--exit-code', 'up', '-d', 'nobody'])
  expect(failing.stdout).toContain('Compose would fail, and change nothing: there is no service nobody')
  expect(failing.code).toBe(1)
})
