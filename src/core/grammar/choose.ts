import type { FlagValue } from '../../model/invocation.ts'
import type { Reading } from './reading.ts'

/** What must be known of a program to choose among the readings of one of its lines. */
export interface Chooser {
  /** Whether the command of the reading can do something to data. */
  readonly isGuarded: (reading: Reading) => boolean
  /** The smaller, the more the command of a guarded reading can destroy; below 100. */
  readonly rank: (reading: Reading) => number
  /** Switches that make a command do less: believed only where every reading has them. */
  readonly restraints: readonly string[]
  /** The positional words, given those of every reading of the command; the first are those of the worst. */
  readonly argsOf: (readings: readonly (readonly string[])[]) => readonly string[]
}

/** The reading that can destroy most, with the flags of all that lead to the same command. */
export function chooseReading(found: readonly Reading[], chooser: Chooser): Reading {
  const readings = found.map(reading => runAnyway(reading, chooser))
  const worst = readings.reduce((one, other) => worse(one, other, chooser))
  if (worst.outcome !== 'run') return worst
  const alike = readings.filter(
    reading => reading.outcome === 'run' && reading.command.join(' ') === worst.command.join(' '),
  )
  const merge = (sources: readonly Reading['flags'][]): Reading['flags'] =>
    mergeValues(sources, chooser.restraints)
  return {
    ...worst,
    flags: merge(alike.map(reading => reading.flags)),
    globals: merge(alike.map(reading => reading.globals)),
    docker: merge(alike.map(reading => reading.docker)),
    args: chooser.argsOf([worst, ...alike].map(reading => reading.args)),
    unknownFlags: alike
      .map(reading => reading.unknownFlags)
      .reduce((one, other) => (other.length > one.length ? other : one)),
  }
}

/** A newer program may accept what this reading rejects, if the line has flags that the grammar does not know. */
function runAnyway(reading: Reading, { isGuarded }: Chooser): Reading {
  const isOpen = reading.outcome === 'error' && reading.unknownFlags.length > 0
  return isOpen && isGuarded(reading) ? { ...reading, outcome: 'run' } : reading
}

/** Of two readings the one that can destroy more; the first if they are alike. */
export function worse(one: Reading, other: Reading, chooser: Chooser): Reading {
  return weigh(other, chooser) < weigh(one, chooser) ? other : one
}

/** The smaller, the more can be destroyed. A reading that runs although it has an error comes after a clean one. */
function weigh(reading: Reading, { isGuarded, rank }: Chooser): number {
  if (reading.outcome !== 'run') return 1_000 + ['unknown-command', 'help', 'error'].indexOf(reading.outcome)
  if (!isGuarded(reading)) return 500
  return rank(reading) + (reading.error === null ? 0 : 100)
}

function mergeValues(sources: readonly Reading['flags'][], restraints: readonly string[]): Reading['flags'] {
  const [first = {}, ...others] = sources
  return others.reduce((one, other) => mergeTwo(one, other, restraints), first)
}

function mergeTwo(
  one: Reading['flags'],
  other: Reading['flags'],
  restraints: readonly string[],
): Reading['flags'] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return Object.fromEntries(
    keys
      .filter(key => !restraints.includes(key) || (one[key] === 'true' && other[key] === 'true'))
      .map(key => [key, mergeValue(one[key], other[key])]),
  )
}

function mergeValue(one: FlagValue | undefined, other: FlagValue | undefined): FlagValue {
  if (one === undefined) return other ?? ''
  if (other === undefined) return one
  if (typeof one !== 'string' && typeof other !== 'string') {
    return [...one, ...other.filter(value => !one.includes(value))]
  }
  return other === 'true' ? other : one
}
