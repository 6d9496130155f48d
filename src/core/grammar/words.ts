import type { FlagValue } from '../../model/invocation.ts'

/** A word of a command line and its place in the argv that was handed over. */
export interface Word {
  readonly text: string
  readonly at: number
}

/** Flag values by name, while they are collected. */
export type Values = Record<string, FlagValue>

/**
 * How a flag that the grammar does not know is taken: `error` as the parser of that version does, or, where a newer
 * Compose may know it, as a `switch` or as a flag that takes a `value`. `offset` is the letter's place in the word
 * (0 for a long flag), so that two parsers that meet the same flag are told the same.
 */
export type UnknownFlag = (word: Word, offset: number) => 'error' | 'switch' | 'value'

export const rejectUnknown: UnknownFlag = () => 'error'

export function toWords(argv: readonly string[]): Word[] {
  return argv.map((text, at) => ({ text, at }))
}

/** Whether a name can be that of a flag at all, so that an unknown one may be a newer Compose's. */
export function isFlagName(name: string): boolean {
  return /^[A-Za-z0-9]/.test(name)
}
