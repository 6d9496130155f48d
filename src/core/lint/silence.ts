import type { Place } from './tree.ts'

/** Whether a comment on the line, or alone on the line above it, says to be quiet about this rule. */
export function isSilenced(rule: string, at: Place, lines: readonly string[]): boolean {
  const own = lines[at.line - 1] ?? ''
  const above = lines[at.line - 2] ?? ''
  return names(own).includes(rule) || (/^\s*#/.test(above) && names(above).includes(rule))
}

/** `# safe-compose-ignore floating-tag, relative-bind: why`. */
function names(line: string): readonly string[] {
  const match = /(?:^|\s)#\s*safe-compose-ignore[\s:]+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)/.exec(line)
  return (match?.[1] ?? '').split(/\s*,\s*/).filter(name => name !== '')
}
