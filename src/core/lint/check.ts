import type { LintProject } from './project.ts'
import type { Place } from './tree.ts'

/** What a check says about one place. */
export interface Remark {
  readonly at: Place
  /** One sentence, with the user's own names. */
  readonly message: string
  /** The line to write instead; null where there is no one line. */
  readonly instead: string | null
}

/** One thing that files alone can tell: one file in `core/lint/checks/`, pure. */
export interface LintCheck {
  /** Of the rule of the guard that meets the same hazard when a command is typed. */
  readonly id: string
  readonly title: string
  /** `error` where Compose refuses, or data is damaged or lost without any further mistake. */
  readonly level: 'error' | 'warning'
  readonly check: (project: LintProject) => readonly Remark[]
}

export interface LintFinding extends Remark {
  readonly rule: string
  readonly level: LintCheck['level']
}
