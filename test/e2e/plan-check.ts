import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { aFile } from './plan-cases.ts'
import type { ComposeFile, PlanCase } from './plan-cases.ts'
import { docker } from './docker-world.ts'
import { engineApi, privateEngine } from './engine-api.ts'
import { isV1, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** What `plan --json` says, as far as it is compared. */
export interface Planned {
  readonly changes: boolean
  readonly failure: string | null
  readonly notes: readonly string[]
  readonly containers: readonly PlannedContainer[]
  readonly volumes: readonly PlannedVolume[]
}

interface PlannedContainer {
  readonly action: string
  readonly name: string
  readonly id: string | null
  readonly service: string | null
  readonly oneOff: boolean
  readonly after: string
  readonly certain: boolean
}

interface PlannedVolume {
  readonly action: string
  readonly name: string
  readonly kind: string
  readonly usedBy: readonly string[]
  readonly certain: boolean
}

/** One network for all projects of a file of tests: to make and remove one takes longer than all the rest. */
const network = `safe-compose-plan-${randomBytes(4).toString('hex')}`

export function withNetwork(): void {
  beforeAll(() => docker('network', 'create', network).then(() => {}))
  afterAll(() => docker('network', 'rm', network).then(() => {}))
}

/** Brings the project up, edits it, plans, lets the bare Compose run, and compares: exactly. */
export async function checkPlan(each: PlanCase): Promise<void> {
  const file = aFile()
  each.first?.(file)
  const files = { 'db.env': 'A=1\n', 'other.env': 'A=2\n' }
  const project = await scenario('', { files })
  onTestFinished(async () => {
    const api = engineApi()
    await api.clear(project.name)
    await api.removeVolumes(seenAnonymous.get(project.name) ?? [])
  })
  const own = (text: string): string => text.replaceAll('{p}', project.name).replaceAll('{net}', network)
  const words = (text: string): readonly string[] =>
    own(text)
      .split(' ')
      .filter(word => word !== '')
  await prepare(project, file, each)
  await project.write('compose.yaml', textOf(file, own))
  const up = await project.bare(['up', '-d'])
  expect(up.code, up.stderr).toBe(0)
  for (const step of each.steps ?? []) {
    const [program, ...rest] = words(step)
    const done = await (program === 'docker' ? project.docker(rest) : project.bare(rest))
    expect(done.code, `${step}: ${done.stderr}`).toBe(0)
  }
  each.edit?.(file)
  await project.write('compose.yaml', textOf(file, own))

  const globals = words(each.globals ?? '')
  const command = words(each.command ?? 'up -d')
  // `--dry-run` is a global of Compose's, and stands before `plan` like all of them.
  const typed = command[0]?.startsWith('-')
    ? [command[0], ...globals, 'plan', '--json', ...command.slice(1)]
    : [...globals, 'plan', '--json', ...command]
  const options = {
    ...(each.input === undefined ? {} : { input: each.input }),
    ...(each.variables === undefined ? {} : { variables: each.variables }),
  }
  const before = await look(project)
  const answer = await project.safe(typed, options)
  expect(answer.code, answer.stderr).toBe(0)
  const planned = JSON.parse(answer.stdout) as Planned
  expect(await look(project), 'a plan changes nothing').toEqual(before)

  const ran = await project.bare([...globals, ...command], options)
  // What newer engines no longer say of an image, version 1 needs to recreate a container.
  if (isV1 && ran.stderr.includes("KeyError: 'ContainerConfig'")) {
    expect(planned.containers.map(({ action }) => action)).toContain('recreate')
    return
  }
  const after = await look(project)
  const story = `${answer.stdout}\n${ran.stdout}${ran.stderr}`
  expect(planned.failure !== null, story).toBe(each.fails === true)
  expect(ran.code === 0, story).toBe(each.fails !== true)
  const isSure = [...planned.containers, ...planned.volumes].every(({ certain }) => certain)
  expect(isSure, story).toBe(each.unsure !== true)
  if (each.fails === true) {
    expect(planned.changes, story).toBe(false)
    expect(idsOf(after), story).toEqual(idsOf(before))
    return
  }
  expect(differences(planned, before, after), story).toEqual([])
}

/** What the table needs on the engine besides the project itself. */
async function prepare(project: Scenario, file: ComposeFile, { steps = [] }: PlanCase): Promise<void> {
  const text = JSON.stringify([file, steps])
  const tag = `plan-${project.name}:1`
  if (text.includes('plan-{p}:1')) await project.docker(['tag', 'busybox', tag])
  for (const each of Object.values(file.volumes ?? {}))
    if (each?.['external'] === true)
      await project.docker([
        'volume',
        'create',
        '--label',
        `com.docker.compose.project=${project.name}`,
        String(each['name']).replaceAll('{p}', project.name),
      ])
  onTestFinished(async () => {
    if (text.includes('-stranger')) await project.docker(['rm', '-f', `plan-${project.name}-stranger`])
    if (text.includes(':1"')) await project.docker(['rmi', '-f', tag])
  })
}

function textOf(file: ComposeFile, own: (text: string) => string): string {
  const networks = { default: { external: true, name: network }, ...file.networks }
  return own(JSON.stringify({ ...(isV1 ? { version: '3.7' } : {}), ...file, networks }))
}

// ---- How it stands -----------------------------------------------------------------------------------------------

interface Seen {
  readonly containers: readonly SeenContainer[]
  /** Name to creation time: those of the project, and the anonymous ones that its containers mount. */
  readonly volumes: Readonly<Record<string, string>>
}

interface SeenContainer {
  readonly id: string
  readonly name: string
  readonly service: string
  readonly state: string
  readonly startedAt: string
  readonly mounts: readonly string[]
}

interface VolumeListed {
  readonly Name: string
  readonly CreatedAt: string
}

async function look(project: Scenario): Promise<Seen> {
  const engine = privateEngine()
  const [listed, { Volumes: all }] = await Promise.all([
    engine.listContainers({
      all: true,
      filters: { label: [`com.docker.compose.project=${project.name}`] },
    }),
    engine.listVolumes(),
  ])
  const inspected = await Promise.all(listed.map(({ Id }) => engine.getContainer(Id).inspect()))
  const containers = inspected.map(({ Id, Name, State, Config, Mounts }) => ({
    id: Id,
    name: Name.slice(1),
    service: Config.Labels['com.docker.compose.service'] ?? '',
    state: State.Status === 'running' ? 'running' : State.Status === 'paused' ? 'paused' : 'stopped',
    startedAt: State.StartedAt,
    // In an order that no two looks share.
    mounts: Mounts.flatMap(mount => (mount.Type === 'volume' ? (mount.Name ?? []) : [])).toSorted(),
  }))
  const mounted = containers.flatMap(({ mounts }) => mounts)
  const own = new Set([...(seenAnonymous.get(project.name) ?? []), ...mounted])
  seenAnonymous.set(project.name, [...own])
  const volumes = ((all ?? []) as unknown as readonly VolumeListed[]).filter(
    ({ Name }) => Name.startsWith(`${project.name}_`) || own.has(Name),
  )
  return {
    containers: containers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    volumes: Object.fromEntries(volumes.map(({ Name, CreatedAt }) => [Name, CreatedAt])),
  }
}

/** Volumes that a project's containers were seen with: an anonymous one is known by nothing else once they are gone. */
const seenAnonymous = new Map<string, readonly string[]>()

function idsOf(seen: Seen): unknown {
  return { ...seen, containers: seen.containers.map(({ id, name, state }) => ({ id, name, state })) }
}

// ---- What differs ------------------------------------------------------------------------------------------------

/** Every way in which it came differently from what was planned, a line each. */
function differences(planned: Planned, before: Seen, after: Seen): readonly string[] {
  return [...containerDifferences(planned, before, after), ...volumeDifferences(planned, before, after)]
}

function containerDifferences(planned: Planned, before: Seen, after: Seen): readonly string[] {
  const found: string[] = []
  const left = new Map(after.containers.map(container => [container.id, container]))
  const known = new Set(before.containers.map(({ id }) => id))
  for (const { id } of before.containers)
    if (!planned.containers.some(each => each.id === id)) found.push(`${id} is not in the plan`)
  for (const each of planned.containers) {
    if (!each.certain) {
      for (const container of after.containers)
        if (container.name === each.name || container.id === each.id) left.delete(container.id)
      continue
    }
    const isNew = each.action === 'create' || each.action === 'recreate'
    const same = each.id === null ? undefined : left.get(each.id)
    if ((isNew || each.action === 'remove') && same !== undefined)
      found.push(`${each.name}: ${each.action}, but it is still there`)
    if (each.action === 'remove' || (isNew && each.after === 'absent')) continue
    const stands = isNew
      ? [...left.values()].find(
          ({ id, name }) =>
            !known.has(id) && (name === each.name || (each.oneOff && name.startsWith(each.name))),
        )
      : same
    if (stands === undefined) {
      found.push(`${each.name}: ${each.action}, but it is not there`)
      continue
    }
    left.delete(stands.id)
    if (stands.state !== each.after) found.push(`${each.name}: ${each.after}, but it is ${stands.state}`)
    const startedBefore = before.containers.find(({ id }) => id === stands.id)?.startedAt
    const isStarted = startedBefore !== undefined && startedBefore !== stands.startedAt
    if (!isNew && isStarted !== (each.action === 'start' || each.action === 'restart'))
      found.push(`${each.name}: ${each.action}, but it was ${isStarted ? '' : 'not '}started`)
  }
  for (const { name } of left.values()) found.push(`${name} is there, and not in the plan`)
  return found
}

function volumeDifferences(planned: Planned, before: Seen, after: Seen): readonly string[] {
  const found: string[] = []
  const unexplained = new Set(Object.keys(after.volumes).filter(name => !(name in before.volumes)))
  const usersOf = (name: string): string =>
    [...new Set(after.containers.filter(({ mounts }) => mounts.includes(name)).map(each => each.service))]
      .toSorted()
      .join(' ')
  for (const name of Object.keys(before.volumes)) {
    const plans = planned.volumes.filter(each => each.name === name)
    const isAnonymous = !name.includes('_')
    // Anonymous ones that nothing of the project mounts any more are nobody's.
    if (plans.length === 0 && isAnonymous && !before.containers.some(({ mounts }) => mounts.includes(name)))
      continue
    if (plans.length === 0) found.push(`${name} is not in the plan`)
    if (plans.some(({ certain }) => !certain)) continue
    const isDestroyed = plans.some(({ action }) => action === 'destroy')
    const isMade = plans.some(({ action }) => action === 'create')
    const now = after.volumes[name]
    if (now === undefined && !isDestroyed) found.push(`${name} stays, but it is gone`)
    if (now !== undefined && isDestroyed && !isMade) found.push(`${name} goes, but it is still there`)
    if (now !== undefined && (now !== before.volumes[name]) !== isDestroyed)
      found.push(`${name}: created ${before.volumes[name]}, now ${now}`)
  }
  for (const each of planned.volumes) {
    // Of one that is made anew, the new one is compared.
    if (!each.certain || each.action === 'destroy') continue
    if (each.action === 'create' && each.kind === 'named') {
      if (!(each.name in after.volumes)) found.push(`${each.name}: create, but it is not there`)
      unexplained.delete(each.name)
    }
    const users = each.usedBy
      .filter(user => !user.startsWith('container '))
      .toSorted()
      .join(' ')
    if (each.name in after.volumes && users !== usersOf(each.name))
      found.push(`${each.name}: used by ${users}, but it is used by ${usersOf(each.name)}`)
  }
  const made = planned.volumes.filter(
    ({ action, kind, certain }) => certain && action === 'create' && kind === 'anonymous',
  )
  const anonymous = [...unexplained].filter(name => !name.includes('_'))
  if (planned.containers.every(({ certain }) => certain) && made.length !== anonymous.length)
    found.push(`${made.length} new anonymous volumes, but there are ${anonymous.length}`)
  for (const name of unexplained) if (name.includes('_')) found.push(`${name} is new, and not in the plan`)
  return found
}
