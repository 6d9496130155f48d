import { formatBytes, plural } from '../core/format.ts'
import type { Outcome } from '../core/outcome.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Manifest } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'
import { reportOutcome } from './report-outcome.ts'

/** What is told of a run that ended with 0 or 1. `saved`: the restore point that it took, if it did. */
export type InWords = (
  of: string,
  code: number,
  saved: Manifest | null,
) => Pick<Outcome, 'summary' | 'details'>

/**
 * Runs a job and, where no person sits at the terminal, tells what came of it: a line in a crontab is a schedule too. A
 * person sees it anyway, and an agent reads it. How the job ends is not changed by it.
 */
export async function reportUnattended(
  context: Context,
  project: Invocation,
  job: Outcome['job'],
  run: (context: Context) => Promise<number>,
  inWords: InWords,
): Promise<number> {
  if (context.audience.kind !== 'script') return run(context)
  const { listening, saved } = listenForSaved(context)
  const report = async (
    ok: boolean,
    words: (of: string) => Pick<Outcome, 'summary' | 'details'>,
  ): Promise<void> => {
    const name = saved()?.project.name ?? (await findProjectName(context, project).catch(() => null))
    const of = name === null ? job : `${job} of ${name}`
    await reportOutcome(context, { job, project: name, ok, ...words(of), restorePoint: saved()?.id ?? null })
  }
  let code: number
  try {
    code = await run(listening)
  } catch (error) {
    if (!isInterruption(error)) {
      const { what, how } = whatHappened(context, error)
      await report(false, of => ({ summary: `${of} failed: ${what}`, details: how }))
    }
    throw error
  }
  await report(code === 0, of => inWords(of, code, saved()))
  return code
}

/** The same context, and the restore point that was taken with it so far. */
export function listenForSaved(context: Context): {
  readonly listening: Context
  readonly saved: () => Manifest | null
} {
  let manifest: Manifest | null = null
  const say: Context['reporter']['say'] = event => {
    if (event.type === 'saved') manifest = event.manifest
    context.reporter.say(event)
  }
  return { listening: { ...context, reporter: { ...context.reporter, say } }, saved: () => manifest }
}

/** Whoever sent the signal knows of it. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Stop && error.failure.reason === 'interrupted'
}

/** What went wrong, as it would be said to a person. */
export function whatHappened(context: Context, error: unknown): ReturnType<Context['inWords']> {
  if (error instanceof Stop) return context.inWords(error.failure)
  return { what: error instanceof Error ? error.message : String(error), how: [] }
}

/** `backup of shop: 3 volumes, 1.2 GB`, or which databases could not be dumped. */
export const backupInWords: InWords = (of, code, saved) => {
  if (code === 0) {
    const holdings = saved?.holdings ?? []
    const bytes = holdings.reduce((sum, { kept }) => sum + kept.tar.contentBytes, 0)
    return { summary: `${of}: ${plural(holdings.length, 'volume')}, ${formatBytes(bytes)}`, details: [] }
  }
  const troubles = (saved?.databases ?? []).flatMap(({ service, notes }) =>
    notes.map(note => `${service ?? 'a server'}: ${note}`),
  )
  return {
    summary: `${of} is not complete: a database could not be dumped`,
    details: [...troubles, 'its files were copied; see what stands in the way: safe-compose health'],
  }
}

/** `verify of shop: well`, or that it is not. */
export const verifyInWords: InWords = (of, code) => {
  if (code === 0) return { summary: `${of}: well`, details: [] }
  return {
    summary: `${of} found a restore point that is not well`,
    details: ['see what is wrong with it: safe-compose verify; then take another: safe-compose backup'],
  }
}
