import { checkUp, lookAlikeVolumes, worstHealth } from '../core/doctor.ts'
import type { Check, Fix } from '../core/doctor.ts'
import { everyFinding } from '../core/findings.ts'
import { sameProject } from '../core/command-line.ts'
import { monitorCodes, Stop } from '../model/failure.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { VolumeHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Store } from '../model/ports.ts'
import { backup } from './backup.ts'
import type { Context } from './context.ts'
import { lookAhead } from './observe.ts'
import type { Look } from './observe.ts'
import { pin } from './pin.ts'
import { scopeOf } from './take-restore-point.ts'

export interface DoctorTables {
  readonly doctor: (checks: readonly Check[]) => string
}

/** Milliseconds for looking into volumes that may be lost ones. */
const lookBudget = 1000

export interface DoctorOptions {
  readonly json: boolean
  /** Mend what can be mended without knowing the project, then look again. */
  readonly fix: boolean
  /** Change the Compose file without asking. */
  readonly yes: boolean
}

/** `doctor`: the project and this machine as a checklist, with the command that mends what is not well. */
export async function doctor(
  context: Context,
  project: Invocation,
  options: DoctorOptions,
  tables: DoctorTables,
): Promise<number> {
  let checks = await examine(context, project)
  const fixes = options.fix ? checks.flatMap(({ fix }) => fix ?? []) : []
  for (const fix of fixes) await mend(context, project, fix, options.yes)
  if (fixes.length > 0) checks = await examine(context, project)
  context.print(options.json ? `${JSON.stringify({ checks }, null, 2)}\n` : tables.doctor(checks))
  return monitorCodes[worstHealth(checks)]
}

async function examine(context: Context, project: Invocation): Promise<readonly Check[]> {
  const up = sameProject(project, ['up', '-d'])
  return checksOf(context, await lookAhead(context, up), up)
}

/** The checklist of what was seen before `up -d`. */
export async function checksOf(context: Context, look: Look, up: Invocation): Promise<readonly Check[]> {
  return checkUp(await gather(context, look, up))
}

/** One that cannot be mended, or that the person does not want, leaves the others their turn. */
async function mend(context: Context, project: Invocation, fix: Fix, yes: boolean): Promise<void> {
  try {
    if (fix === 'pin') await pin(context, project, { names: [], external: false, check: false, yes })
    else
      await backup(context, project, { tag: null, names: [], stillness: 'online', limit: true, dumps: true })
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    if (failure.reason === 'declined') return
    if (failure.reason !== 'not-possible' && failure.reason !== 'bad-usage') throw error
    context.reporter.say({ type: 'warning', text: `not mended: ${failure.what}; ${failure.how}` })
  }
}

async function gather(context: Context, look: Look, up: Invocation): Promise<Parameters<typeof checkUp>[0]> {
  const { facts } = look
  const store = await context.openStore()
  const [points, survey, lookAlikes] = await Promise.all([
    store.list(scopeOf(facts)),
    context.survey(placeOf(store) ?? store.root),
    lookIntoAlikes(look),
  ])
  return {
    facts,
    findings: everyFinding(facts, up, look.circumstances),
    points,
    lookAlikes,
    survey,
    elsewhere: placeOf(store) === null ? store.name : null,
    policy: context.policy,
    now: context.host.now(),
    line: (...words) => ['safe-compose', ...up.globalWords, ...words].join(' '),
  }
}

/** The folder of this machine that fills; null where restore points lie on another one. */
function placeOf({ keeps, root, folders }: Store): string | null {
  return keeps === 'files' ? root : (folders.find(folder => folder !== root) ?? null)
}

async function lookIntoAlikes({ engine, facts }: Look): Promise<Parameters<typeof checkUp>[0]['lookAlikes']> {
  const volumes = lookAlikeVolumes(facts)
  const holdings = volumes.map(({ name, createdAt }): VolumeHolding => ({ kind: 'volume', name, createdAt }))
  if (holdings.length === 0) return []
  const found = await engine.contents(holdings, facts, lookBudget)
  const byIdentity = new Map([...found].map(([holding, contents]) => [identityOfHolding(holding), contents]))
  return volumes.flatMap((volume, index) => {
    const holding = holdings[index]
    const contents = holding === undefined ? undefined : byIdentity.get(identityOfHolding(holding))
    return contents === undefined ? [] : [{ volume, contents }]
  })
}
