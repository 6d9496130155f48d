import { compareFigures, figuresWords } from '../core/figures.ts'
import { serviceContainers } from '../core/reach.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Engine } from '../model/ports.ts'
import type { DatabaseRecord, RestorePoint, VerifiedPart } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { openServer } from './open-server.ts'
import type { RunningServer } from './database-servers.ts'
import { answerOf } from './look-for-trouble.ts'
import { lookAtProject } from './observe.ts'

/** Milliseconds: for a server to come up, and for counting the rows of one database. */
const patience = 90_000
const countingBudget = 30_000

/**
 * Waits for the servers whose data was put back and says of each whether what is in it is what was counted when it was
 * saved. True when all of them are well; those that nobody counted, and those that did not run before, are passed over.
 *
 * @param back.restored the holdings that were put back, as `nameOfHolding` has them
 * @param back.started the services that run again
 */
export async function confirmDatabases(
  context: Context,
  project: Invocation,
  back: {
    readonly point: RestorePoint
    readonly restored: readonly string[]
    readonly started: readonly string[]
  },
): Promise<boolean> {
  const records = (back.point.manifest.databases ?? []).filter(
    ({ before, holding, service }) =>
      before.length > 0 && back.restored.includes(holding) && back.started.includes(service ?? ''),
  )
  if (records.length === 0) return true
  const { engine, facts } = await lookAtProject(context, project)
  const parts: VerifiedPart[] = []
  for (const record of records) {
    const container = serviceContainers(facts, record.service ?? '')[0]
    const part =
      container === undefined
        ? { what: record.service ?? '', well: false, found: 'it has no container' }
        : await holdAgainst(
            context,
            engine,
            {
              server: openServer(context, record.kind, engine.inside(container.id), container),
              container,
              where: record.holding,
            },
            record,
          )
    context.reporter.say({ type: 'confirmed', part })
    parts.push(part)
  }
  return parts.every(({ well }) => well)
}

/** What is in a server, once it answers, against what was counted; `record` null: nobody counted. */
export async function holdAgainst(
  context: Context,
  engine: Engine,
  { server, container, where }: Pick<RunningServer, 'server' | 'container'> & { readonly where: string },
  record: DatabaseRecord | null,
): Promise<VerifiedPart> {
  const what = container.service ?? container.name
  const isThere = async (): Promise<boolean> => {
    const state = (await engine.container(container.id))?.state
    return state !== undefined && state !== 'exited' && state !== 'dead'
  }
  const label = await answerOf(context, server, patience, isThere)
  if (typeof label !== 'string') return { what, well: false, found: label.why }
  try {
    const figures = await context.interruption.race(server.count(countingBudget))
    const { troubles, differences } = compareFigures(
      { before: record?.before ?? [], after: record?.after ?? null },
      figures,
    )
    const found = `${label} answers on ${where}: ${figuresWords(figures)}`
    if (troubles.length > 0)
      return { what, well: false, found: `${found}, but ${troubles.slice(0, 5).join('; ')}` }
    if (record === null || record.before.length === 0) return { what, well: true, found }
    const against = differences.length === 0 ? 'as counted' : `after it was counted: ${differences[0] ?? ''}`
    return { what, well: true, found: `${found}, ${against} when it was saved` }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    return { what, well: false, found: error.failure.what }
  }
}
