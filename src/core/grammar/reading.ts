import type { Invocation } from '../../model/invocation.ts'
import type { UnknownFlag, Values, Word } from './words.ts'

/** One way to read a command line. */
export interface Reading {
  readonly outcome: Invocation['outcome']
  readonly error: string | null
  readonly command: readonly string[]
  readonly flags: Readonly<Values>
  readonly globals: Readonly<Values>
  readonly docker: Readonly<Values>
  readonly args: readonly string[]
  readonly unknownFlags: readonly string[]
  /** Places in argv: of the word `compose`, or -1; and of the command, or of the first word that is no global. */
  readonly composeAt: number
  readonly commandAt: number
}

/** How unknown flags are taken while a line is read. */
export interface UnknownFlags {
  readonly take: UnknownFlag
  /** Whether the Compose at hand may know more than the grammar. */
  readonly open: boolean
  /** Those that were met as flags, as typed, in order. */
  readonly met: () => readonly string[]
}

/** As many unknown flags of a line are tried both ways; further ones are taken as switches. */
const triedBothWays = 6

/** The reading by a parser that rejects unknown flags. */
export function readStrictly(read: (unknown: UnknownFlags) => Reading): Reading {
  return read(collectUnknown(false, () => 'error'))
}

/** All readings that differ in which unknown flags are switches and which take a value; the first has only switches. */
export function readEveryWay(read: (unknown: UnknownFlags) => Reading): readonly Reading[] {
  const readings: Reading[] = []
  let chosen: boolean[] | null = []
  while (chosen !== null) {
    const choices: boolean[] = chosen
    const made = new Map<string, boolean>()
    const unknown = collectUnknown(true, (word, offset) => {
      const id = `${word.at}.${offset}`
      const takesValue = made.get(id) ?? choices[made.size] ?? false
      made.set(id, takesValue)
      return takesValue ? 'value' : 'switch'
    })
    readings.push(read(unknown))
    chosen = nextChoices([...made.values()])
  }
  return readings
}

/** The choices to make next, after every reading that starts with these; null if all are made. */
function nextChoices(made: readonly boolean[]): boolean[] | null {
  const last = made.slice(0, triedBothWays).lastIndexOf(false)
  return last < 0 ? null : [...made.slice(0, last), true]
}

function collectUnknown(open: boolean, take: UnknownFlag): UnknownFlags {
  const met = new Map<number, Word>()
  return {
    open,
    take(word, offset) {
      met.set(word.at, word)
      return take(word, offset)
    },
    met: () => [...met.values()].sort((one, other) => one.at - other.at).map(word => word.text),
  }
}
