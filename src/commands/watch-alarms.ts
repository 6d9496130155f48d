import { alarmsFor, placesToIdentify, wayBack } from '../core/alarms.ts'
import type { Alarm } from '../core/alarms.ts'
import { flagText, isOn } from '../core/invocation.ts'
import { ledgerFor } from '../core/ledger.ts'
import { commandOf } from '../core/reach.ts'
import type { VolumeFact } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Ledger } from '../model/journal.ts'
import type { EventWatch } from '../model/ports.ts'
import type { Context } from './context.ts'
import type { Look } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

/** How often a running `up` is looked at beside it, once its containers have started. Milliseconds. */
const every = 1000

/** What a database needs until its files tell who it is; looked at again after that. Milliseconds. */
const settling = 5000

export interface AlarmWatch {
  /** Ends it, and gives what was told already: nobody is to hear it twice. */
  readonly end: () => Promise<readonly Alarm[]>
}

/**
 * Watches beside an attached `up`, which may run for days: as soon as its containers start, what they mount is compared
 * with what is remembered. Never disturbs the command: what it cannot see it leaves to the look after it.
 */
export async function watchAlarms(
  context: Context,
  look: Look,
  command: readonly string[],
  settled: readonly Holding[],
): Promise<AlarmWatch> {
  const before = look.facts.ledger
  if (before === null) return { end: async () => [] }
  const watch = await look.engine.watch().catch(() => null)
  if (watch === null) return { end: async () => [] }
  const told: Alarm[] = []
  let since: number | null = null
  let looking: Promise<void> = Promise.resolve()
  const lookBeside = async (): Promise<void> => {
    const { after, volumes } = await ledgerNow(context, look, before)
    const untold = alarmsFor({ before, after, settled }).filter(
      alarm => !told.some(known => isSame(known, alarm)),
    )
    await raiseAlarms(context, look, volumes, command, untold)
    told.push(...untold)
  }
  const timer = setInterval(() => {
    if (since === null && !hasStarted(watch)) return
    since ??= context.host.now().getTime()
    if (context.host.now().getTime() - since > settling) clearInterval(timer)
    looking = looking.then(lookBeside).catch(() => {})
  }, every)
  timer.unref()
  return {
    end: async () => {
      clearInterval(timer)
      watch.close()
      await looking
      return told
    },
  }
}

/** Whether Compose stays in front until its containers end. */
export function isAttached(invocation: Invocation): boolean {
  if (commandOf(invocation) !== 'up') return false
  const leaves = ['detach', 'no-start', 'wait', 'dry-run'].some(flag => isOn(invocation, flag))
  return !leaves && flagText(invocation, 'wait-timeout') === null
}

/** When the engine goes away nothing has started that could be looked at. */
function hasStarted(watch: EventWatch): boolean {
  try {
    return watch.seen().some(event => event.action === 'start')
  } catch {
    return false
  }
}

async function ledgerNow(
  context: Context,
  look: Look,
  before: Ledger,
): Promise<{ readonly after: Ledger | null; readonly volumes: readonly VolumeFact[] }> {
  const { containers, volumes } = await look.engine.observe()
  const databases = await look.engine.databases(placesToIdentify(look.facts, containers, null))
  const after = ledgerFor({
    before,
    facts: look.facts,
    containers,
    volumes,
    databases,
    audience: context.audience.kind,
    now: context.host.now(),
  })
  return { after, volumes }
}

/** Each with the command that brings the old data back, where there is one. `command` chooses the project. */
export async function raiseAlarms(
  context: Context,
  { facts }: Pick<Look, 'facts'>,
  volumes: readonly VolumeFact[],
  command: readonly string[],
  alarms: readonly Alarm[],
): Promise<void> {
  if (alarms.length === 0) return
  // A store that cannot be read must not silence them: then only the way through it is not known.
  const points = await context.openStore().then(
    store => store.list(scopeOf(facts)).catch(() => []),
    () => [],
  )
  const { model } = facts
  for (const alarm of alarms)
    context.reporter.say({
      type: 'alarm',
      alarm,
      wayBack: wayBack(alarm, { model, volumes, points }),
      project: facts.project.name,
      command,
    })
}

export function isSame(one: Alarm, other: Alarm): boolean {
  return (
    one.service === other.service && one.now.name === other.now.name && one.before.name === other.before.name
  )
}
