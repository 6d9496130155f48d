import { listed } from '../core/format.ts'
import type { Recovery } from '../core/recovery.ts'
import type { Seen, Way } from '../core/recovery/situation.ts'
import { unreachable } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Prompt } from '../model/ports.ts'
import { adopt } from './adopt.ts'
import type { Context } from './context.ts'
import { lookAfterwards } from './look-afterwards.ts'
import type { Look } from './observe.ts'
import { runStates } from './quiet-writers.ts'
import type { RecoverTables } from './recover.ts'
import { repair } from './repair.ts'
import { restore } from './restore.ts'
import type { OpenForeignArchive } from './restore.ts'
import { undo } from './undo.ts'

/** What a person is led through. */
export interface Guided {
  readonly project: Invocation
  readonly look: Look
  readonly seen: Seen
  readonly recovery: Recovery
  readonly tables: RecoverTables
  readonly openForeign: OpenForeignArchive
}

/**
 * Asks whether the writers may be stopped, then which way to take; takes it by the command that does it, and looks at
 * what came of it. What was stopped starts again when nothing was chosen, or when all is well: never onto data that is
 * not. 1 unless something was chosen and ended well.
 */
export async function guideOut(context: Context, guided: Guided): Promise<number> {
  const { prompt } = context
  const ways = guided.recovery.situations.flatMap(situation =>
    situation.ways.map(way => ({ way, about: situation.service })),
  )
  if (prompt === null || ways.length === 0) return 1
  const stopped = await stopWriters(context, guided, prompt)
  let chosen: number | null = null
  try {
    chosen = await prompt.choose(
      'What now?',
      ways.map(({ way, about }) => (about === null ? way.label : `${way.label} (${about})`)),
      'Only look, change nothing',
    )
  } finally {
    if (chosen === null) await startAgain(context, guided, stopped)
  }
  const way = chosen === null ? undefined : ways[chosen]?.way
  if (way === undefined) return 1
  const code = await take(context, guided, way)
  const parts = code === 0 ? await lookAfterwards(context, guided, way) : []
  if (parts.length > 0) context.print(guided.tables.recovered(parts))
  if (code === 0 && parts.every(({ well }) => well)) {
    await startAgain(context, guided, stopped)
    return 0
  }
  if (stopped.length > 0)
    context.reporter.say({
      type: 'warning',
      text: `${listed(stopped)} stay stopped; when all is well: safe-compose start ${stopped.join(' ')}`,
    })
  return 1
}

/** Those that were stopped. */
async function stopWriters(context: Context, guided: Guided, prompt: Prompt): Promise<readonly string[]> {
  const { writers } = guided.recovery
  if (writers.length === 0) return []
  const wanted = await prompt.confirm(
    `First of all: stop ${listed(writers)}, so that nothing is written over what can be saved?`,
  )
  if (!wanted) return []
  const { code, stderr } = await context.compose.call(guided.project.globalWords, ['stop', ...writers])
  if (code !== 0) {
    context.reporter.say({ type: 'warning', text: `not all of them could be stopped: ${lastLine(stderr)}` })
    return []
  }
  say(context, guided, 'stopped', writers)
  return writers
}

async function startAgain(context: Context, guided: Guided, services: readonly string[]): Promise<void> {
  if (services.length === 0) return
  const { code, stderr } = await context.compose.call(guided.project.globalWords, ['start', ...services])
  if (code === 0) say(context, guided, 'resumed', services)
  else
    context.reporter.say({
      type: 'warning',
      text: `${listed(services)} could not be started again: ${lastLine(stderr)}`,
    })
}

function say(
  context: Context,
  { look }: Guided,
  type: 'stopped' | 'resumed',
  services: readonly string[],
): void {
  const { name } = look.facts.project
  const containers = runStates(
    look.facts.containers.filter(each => each.project === name && services.includes(each.service ?? '')),
    () => 'stopped',
  )
  context.reporter.say(
    type === 'stopped' ? { type, containers, why: 'nothing may be written meanwhile' } : { type, containers },
  )
}

/** By the command whose words the way shows. */
async function take(
  context: Context,
  { project, tables, openForeign }: Guided,
  { deed }: Way,
): Promise<number> {
  switch (deed.kind) {
    case 'undo':
      return undo(context, project, { id: deed.id })
    case 'restore':
      return restore(
        context,
        project,
        { id: deed.id, tag: null, volume: deed.volume, to: deed.to, from: null },
        openForeign,
      )
    case 'adopt':
      return adopt(context, project, { volume: deed.volume, key: deed.key, copy: false, yes: false })
    case 'repair':
      return repair(context, project, { service: deed.service, apply: false, json: false }, tables)
    case 'start': {
      const { code, stderr } = await context.compose.call(project.globalWords, ['start', deed.service])
      if (code !== 0)
        context.reporter.say({ type: 'warning', text: `it does not start: ${lastLine(stderr)}` })
      return code === 0 ? 0 : 1
    }
    default:
      return unreachable(deed)
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
