import { githubLog } from './github-log.ts'
import { gitlabLog } from './gitlab-log.ts'

/** What a CI system makes of lines that are written in its own way. */
export interface LogForm {
  /** Begins lines that can be folded away under a title. */
  readonly open: (title: string, at: Date) => string
  /** Ends them; `openedAt` is when they began. */
  readonly close: (openedAt: Date, at: Date) => string
  /** A line that means nothing to the system but its words. */
  readonly plain: (line: string) => string
  /** Lines that are shown apart from the log as well; null where the system has nothing like it. */
  readonly annotation: ((level: AnnotationLevel, lines: readonly string[]) => string) | null
}

export type AnnotationLevel = 'notice' | 'warning' | 'error'

/** The form of the system that keeps the log; null where lines are only lines. */
export function logFormOf(variables: Readonly<Record<string, string | undefined>>): LogForm | null {
  if (variables['GITHUB_ACTIONS'] === 'true') return githubLog
  return variables['GITLAB_CI'] === 'true' ? gitlabLog : null
}
