import type { Variables } from './own-process.ts'
import type { Program } from './program.ts'

/** The environment in which a found Compose runs: ours, with what it needs set and what would mislead it removed. */
export function childVariables(
  found: Pick<Program, 'variables'>,
  variables: Variables,
): Record<string, string> {
  const all: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...variables, ...found.variables })) {
    if (typeof value === 'string') all[name] = value
  }
  return all
}
