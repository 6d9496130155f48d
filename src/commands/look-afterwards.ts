import { projectContainers, serviceContainers } from '../core/reach.ts'
import type { Seen, Way } from '../core/recovery/situation.ts'
import type { Facts } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { DatabaseRecord, VerifiedPart } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { runningServers } from './database-servers.ts'
import type { RunningServer } from './database-servers.ts'
import { holdAgainst } from './hold-against.ts'
import { lookAtProject } from './observe.ts'

/**
 * Starts the services that a way was for, if they do not run, and waits until their databases answer: what is in them,
 * and whether it is what was counted when the restore point was taken.
 */
export async function lookAfterwards(
  context: Context,
  { project, seen }: { readonly project: Invocation; readonly seen: Seen },
  way: Way,
): Promise<readonly VerifiedPart[]> {
  const before = await lookAtProject(context, project)
  const down = way.services.filter(
    service => !serviceContainers(before.facts, service).some(({ state }) => state === 'running'),
  )
  if (down.length > 0) {
    const trouble = await bringUp(context, project, down)
    if (trouble !== null) return [{ what: down.join(', '), well: false, found: trouble }]
  }
  const { engine, facts } = down.length > 0 ? await lookAtProject(context, project) : before
  const servers = runningServers(context, engine, facts, placesOf(facts, way.services))
  const parts: VerifiedPart[] = []
  for (const running of servers)
    parts.push(
      await holdAgainst(
        context,
        engine,
        { ...running, where: nameOfHolding(running.holding) },
        recordFor(seen, way, running),
      ),
    )
  return parts
}

/** As they are: nothing is pulled or built. */
async function bringUp(
  context: Context,
  project: Invocation,
  services: readonly string[],
): Promise<string | null> {
  const quietly = context.compose.fact.form === 'v1' ? ['--no-build'] : ['--no-build', '--pull', 'never']
  const words = ['up', '-d', '--no-deps', ...quietly, ...services]
  const { code, stderr } = await context.compose.call(project.globalWords, words)
  return code === 0 ? null : `could not be started: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

function placesOf(
  facts: Facts,
  services: readonly string[],
): readonly { readonly holding: Holding; readonly contents: null }[] {
  return projectContainers(facts)
    .filter(({ service, oneOff }) => services.includes(service ?? '') && !oneOff)
    .flatMap(({ mounts, service }) =>
      mounts.flatMap((mount): readonly Holding[] => {
        const volume = facts.volumes.find(({ name }) => name === mount.name)
        if (mount.type === 'bind')
          return [{ kind: 'bind', source: mount.source, service, path: mount.destination }]
        if (mount.type !== 'volume' || volume === undefined) return []
        return [{ kind: 'volume', name: volume.name, createdAt: volume.createdAt }]
      }),
    )
    .map(holding => ({ holding, contents: null }))
}

/** What was counted when the data was saved; null where it did not come from a restore point, or nobody counted. */
function recordFor(seen: Seen, { point, deed }: Way, running: RunningServer): DatabaseRecord | null {
  const records = seen.points.find(({ id }) => id === point)?.manifest.databases ?? []
  const holding = deed.kind === 'restore' ? deed.volume : nameOfHolding(running.holding)
  return (
    records.find(each => each.holding === holding && each.kind === running.server.kind) ??
    records.find(({ service }) => service !== null && service === running.container.service) ??
    null
  )
}
