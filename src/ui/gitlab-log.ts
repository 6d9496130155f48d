import type { LogForm } from './log-form.ts'

/** The start of a line that nobody sees. */
const hidden = '\u001b[0K'

/** GitLab CI: sections that fold, each with a name of its own in the job. It has no annotations. */
export const gitlabLog: LogForm = {
  open: (title, at) => `${hidden}section_start:${seconds(at)}:${nameOf(at)}\r${hidden}${title}`,
  close: (openedAt, at) => `${hidden}section_end:${seconds(at)}:${nameOf(openedAt)}\r${hidden}`,
  plain: line => line,
  annotation: null,
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}

function nameOf(openedAt: Date): string {
  return `safe_compose_${openedAt.getTime()}`
}
