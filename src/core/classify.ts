import type { CommandEffect, ComposeForm } from '../model/invocation.ts'
import { convertStandalone } from './grammar/convert.ts'
import { parseDocopt } from './grammar/docopt.ts'
import { flagSet } from './grammar/flags.ts'
import { parseFlags } from './grammar/pflag.ts'
import {
  commandV1,
  dockerFlags,
  effectOfPath,
  findCommandName,
  globalFlags,
  globalFlagsV1,
  internalWords,
  varyingSwitches,
} from './grammar/root.ts'
import { takesNextBy, traverse } from './grammar/traverse.ts'
import { rejectUnknown, toWords, type Word } from './grammar/words.ts'

export interface Classification {
  /** The command under its first name; null if there is none or it is not known. */
  readonly command: string | null
  /** `unsure` where only the whole grammar, or Compose's version, can tell. */
  readonly effect: CommandEffect | 'unsure'
}

/**
 * What a line can do to data, told from its root level alone and for all versions at once. `read-only` is only said
 * of a line that no version runs as a guarded command.
 */
export function classify(argv: readonly string[], form: ComposeForm): Classification {
  const words = toWords(argv)
  if (form === 'v1') return classifyV1(words)
  if (form === 'plugin') return classifyPlugin(words)
  const [former, latter] = [false, true].map(splitsValues => {
    const converted = convertStandalone(words, splitsValues)
    return 'error' in converted ? unsure : classifyPlugin(converted)
  })
  if (former === undefined || latter === undefined) return unsure
  return former.command === latter.command && former.effect === latter.effect ? latter : unsure
}

const unsure: Classification = { command: null, effect: 'unsure' }

function classifyPlugin(words: readonly Word[]): Classification {
  const { args, error } = parseFlags(words, flagSet(dockerFlags, null, false), () => ({}), rejectUnknown)
  const [first, ...rest] = args
  if (error !== null || first === undefined) return unsure
  if (internalWords.includes(first.text)) return { command: first.text, effect: 'read-only' }
  return first.text === 'compose' ? classifyCompose(rest) : unsure
}

function classifyCompose(words: readonly Word[]): Classification {
  const set = flagSet(globalFlags, null, false)
  const takesNext = takesNextBy(set, rejectUnknown)
  const doubtful = (word: Word): boolean => {
    const isLong = word.text.startsWith('--')
    const name = word.text.slice(isLong ? 2 : 1)
    return isLong ? varyingSwitches.includes(name) || !set.long.has(name) : !set.short.has(name)
  }
  let isDoubtful = false
  const { command } = traverse(
    words,
    word => {
      isDoubtful ||= doubtful(word)
      return takesNext(word)
    },
    text => findCommandName([], text) !== null,
  )
  if (isDoubtful) return unsure
  if (command === null) return words.some(word => !word.text.startsWith('-')) ? unsure : nothing
  const path = findCommandName([], command.text)?.path ?? ''
  return { command: path, effect: effectOfPath([path]) ?? 'unsure' }
}

/** No word that could be a command: Compose prints help or its version, or rejects the line. */
const nothing: Classification = { command: null, effect: 'read-only' }

function classifyV1(words: readonly Word[]): Classification {
  const top = parseDocopt(words, flagSet(globalFlagsV1, null, false), {}, rejectUnknown)
  if (top.error !== null || top.misfit !== null) return unsure
  if (top.help) return nothing
  const [word] = top.args[0]?.text === '--' ? top.args.slice(1) : top.args
  if (word === undefined) return nothing
  const command = commandV1(word.text)
  return command === null ? unsure : { command, effect: effectOfPath([command]) ?? 'unsure' }
}
