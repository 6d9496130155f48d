import { sameProject } from '../core/command-line.ts'
import { recoveryOf } from '../core/recovery.ts'
import type { Recovery } from '../core/recovery.ts'
import type { Seen } from '../core/recovery/situation.ts'
import type { Invocation } from '../model/invocation.ts'
import type { VerifiedPart } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { guideOut } from './guide-out.ts'
import { lookForTrouble } from './look-for-trouble.ts'
import { lookAhead } from './observe.ts'
import type { RepairTables } from './repair.ts'
import type { OpenForeignArchive } from './restore.ts'

export interface RecoverOptions {
  readonly json: boolean
}

/** What is shown of a look. */
export interface RecoveryShown extends Recovery {
  readonly project: string
  /** What was seen, for a project with which nothing is wrong. */
  readonly seen: Pick<Seen, 'servers' | 'points' | 'now'>
  /** A command of ours on this project, word for word. */
  readonly line: (words: readonly string[]) => readonly string[]
}

export interface RecoverTables extends RepairTables {
  readonly recovery: (shown: RecoveryShown) => string
  readonly recovered: (parts: readonly VerifiedPart[]) => string
}

/**
 * `recover`: what is wrong with the project's data, what proves it, and which command leads out of it. It only looks; at
 * a terminal a person may choose a way, which is then taken by the command that does it, and looked at afterwards. 0
 * where nothing wrong was found, or what was chosen ended well.
 */
export async function recover(
  context: Context,
  project: Invocation,
  options: RecoverOptions,
  tools: { readonly tables: RecoverTables; readonly openForeign: OpenForeignArchive },
): Promise<number> {
  const up = sameProject(project, ['up', '-d'])
  const look = await lookAhead(context, up)
  const seen = await lookForTrouble(context, look)
  context.reporter.quiet()
  const recovery = recoveryOf(seen)
  const shown: RecoveryShown = {
    ...recovery,
    project: look.facts.project.name,
    seen,
    line: words => ['safe-compose', ...up.globalWords, ...words],
  }
  context.print(options.json ? inJson(shown) : tools.tables.recovery(shown))
  if (recovery.situations.length === 0) return 0
  if (options.json || context.prompt === null || context.audience.kind !== 'person') return 1
  return guideOut(context, { project, look, seen, recovery, ...tools })
}

function inJson({ project, situations, writers, line, seen }: RecoveryShown): string {
  const shown = {
    project,
    stopFirst: writers.length === 0 || situations.length === 0 ? null : line(['stop', ...writers]),
    situations: situations.map(({ kind, service, title, evidence, ways }) => ({
      kind,
      service,
      title,
      evidence,
      ways: ways.map(({ label, argv, does, point }) => ({
        label,
        command: line(argv),
        does,
        restorePoint: point,
      })),
    })),
    servers: seen.servers.map(({ service, kind, label, why, figures, troubles }) => ({
      service,
      kind,
      label,
      why,
      figures,
      troubles,
    })),
  }
  return `${JSON.stringify(shown, null, 2)}\n`
}
