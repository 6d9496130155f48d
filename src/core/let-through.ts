import { audienceOf } from './audience.ts'
import { isSwitchedOff } from './options.ts'

/** `SAFE_COMPOSE=off`, which a coding agent does not get. Throws `bad-usage` for a word that is neither on nor off. */
export function isLetThrough(variables: Readonly<Record<string, string | undefined>>): boolean {
  return isSwitchedOff(variables) && audienceOf(variables, { stdin: false, stderr: false }).kind !== 'agent'
}
