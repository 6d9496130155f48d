import type { ShellCommand, ShellInput, ShellStep } from '../../model/shell.ts'
import { expandAll } from './expand.ts'
import type { Known } from './expand.ts'
import { placesOfFind } from './file-danger.ts'
import { isOpen, programOf, someText } from './words.ts'
import { afterOptions, entryOf, wrappers, type Wrapper } from './wrappers.ts'

/**
 * What commands write, where that stands in the line itself: `echo`, `printf`, `cat` of a here-document. Null where
 * only a run can tell.
 */
export function writtenBy(
  steps: readonly ShellStep[],
  known: Known,
  inputText: (input: ShellInput) => string | null,
): string | null {
  const texts = steps
    .filter(step => step.kind !== 'command' || !step.isInside)
    .map(step => (step.kind === 'command' ? writtenByOne(step, known, inputText) : null))
  return texts.length > 0 && texts.every(text => text !== null) ? texts.join('') : null
}

function writtenByOne(
  step: ShellCommand,
  known: Known,
  inputText: (input: ShellInput) => string | null,
): string | null {
  const ways = expandAll(step.words, known)
  const [words] = ways
  if (ways.length !== 1 || words === undefined) return null
  const given = step.input === null ? null : inputText(step.input)
  return writtenByWords(words, known, given)
}

/** Paths that it writes begin as told; how they go on is open. */
function writtenByWords(words: readonly string[], known: Known, input: string | null): string | null {
  const [first = '', ...rest] = words
  const program = programOf(first)
  const wrapper = entryOf<Wrapper>(wrappers, program)
  if (wrapper !== null && program !== 'command')
    return writtenByWords(words.slice(afterOptions(words, wrapper)), known, input)
  const named = rest.filter(word => !word.startsWith('-'))
  switch (program) {
    case 'echo': {
      const from = rest.findIndex(word => !/^-[neE]+$/.test(word))
      return `${from < 0 ? '' : rest.slice(from).join(' ')}\n`
    }
    case 'printf':
      return printed(rest)
    case 'cat': {
      const files = named.map(known.fileText)
      if (files.length > 0) return files.every(text => text !== null) ? files.join('') : null
      return input
    }
    case 'grep':
    case 'head':
    case 'sort':
    case 'tail':
    case 'tee':
    case 'uniq':
      return input
    case 'find':
      return placesOfFind(rest)
        .map(place => `${place}/${someText}\n`)
        .join('')
    case 'ls':
      return named.length > 0 && named.every(word => /[*?[]/.test(word)) ? named.join('\n') : null
    case 'pwd':
      return known.valuesOf('PWD').at(-1)?.words[0] ?? null
    case 'docker':
      return rest.some(word => /Mountpoint|DockerRootDir|\.Source/.test(word))
        ? `${volumes}/${someText}\n`
        : null
    case 'which':
      return pathOf(rest.at(-1))
    case 'command':
    case 'type':
      return rest.some(word => /^-[vpP]$/.test(word)) ? pathOf(rest.at(-1)) : null
    case 'yes':
      return `${rest[0] ?? 'y'}\n`
    default:
      return null
  }
}

/** Where docker keeps them, as a rule. */
const volumes = '/var/lib/docker/volumes'

function pathOf(program: string | undefined): string | null {
  return program === undefined || isOpen(program) ? null : `${program}\n`
}

/** The words go through the format one after the other, and it is used again until none is left. */
export function printed([format = '', ...words]: readonly string[]): string | null {
  if (format === '-v') return null
  const plain = format.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  if (!plain.includes('%')) return plain
  const rest = [...words]
  let text = ''
  do {
    text += plain.replaceAll(/%(?:%|[-\d.]*[sbqdi])/g, found => (found === '%%' ? '%' : (rest.shift() ?? '')))
  } while (rest.length > 0 && /%[-\d.]*[sbqdi]/.test(plain))
  return text
}
