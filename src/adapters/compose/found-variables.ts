import type { FoundCompose } from './find.ts'
import type { Variables } from './own-process.ts'

/** The environment in which a found Compose runs: ours, with what it needs set and what would mislead it removed. */
export function childVariables(
  found: Pick<FoundCompose, 'variables'>,
  variables: Variables,
): Record<string, string> {
  const all: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...variables, ...found.variables })) {
    if (typeof value === 'string') all[name] = value
  }
  return all
}
