import { isIn, versionNumber } from './version.ts'

/** What a flag's value is: a switch, a text, a whole number, or a text that adds up when repeated. */
type FlagKind = 'switch' | 'text' | 'int' | 'list'

export interface Flag {
  /** The long name as typed, without dashes; for a flag with a letter only, the name it is known by. */
  readonly name: string
  /** The name under which the value is found in an invocation. */
  readonly key: string
  readonly short: string | null
  readonly kind: FlagKind
  /** The long name cannot be typed. */
  readonly shortOnly: boolean
}

/** The flags that one command of one version accepts. */
export interface FlagSet {
  readonly flags: readonly Flag[]
  readonly long: ReadonlyMap<string, Flag>
  readonly short: ReadonlyMap<string, Flag>
  /** Whether flags may still follow the first positional word. */
  readonly interspersed: boolean
}

const sets = new Map<string, FlagSet>()

/**
 * The flags of `lines` that `version` has; with null those of every version. A line is a list of entries, separated
 * by white space:
 *
 *     volumes,v              a switch with a letter
 *     timeout,t=int          a value: =text, =int, =list
 *     watch,w@2.24.7         since that version
 *     no-TTY,T@2.0.0..2.39.2 only in these versions, both included
 *     y>yes,y                the flag is called y, its value is found under yes
 *     volume~volumes         another name for an entry of the same line
 *     -volumes,v             only the letter can be typed
 */
export function flagSet(lines: string, version: number | null, interspersed: boolean): FlagSet {
  const id = `${version} ${interspersed} ${lines}`
  const known = sets.get(id)
  if (known !== undefined) return known
  const set = buildFlagSet(lines, version, interspersed)
  sets.set(id, set)
  return set
}

function buildFlagSet(lines: string, version: number | null, interspersed: boolean): FlagSet {
  const flags: Flag[] = []
  const long = new Map<string, Flag>()
  const short = new Map<string, Flag>()
  const otherNames: [string, string][] = []
  for (const entry of lines.split(/\s+/).filter(text => text !== '')) {
    const [word = '', span = ''] = entry.split('@')
    const [since = '', until = ''] = span.split('..')
    if (!isIn({ since: versionNumber(since), until: versionNumber(until) }, version)) continue
    const [otherName = '', target] = word.split('~')
    if (target !== undefined) {
      otherNames.push([otherName, target])
      continue
    }
    const flag = readEntry(word)
    flags.push(flag)
    if (!flag.shortOnly && !long.has(flag.name)) long.set(flag.name, flag)
    if (flag.short !== null && !short.has(flag.short)) short.set(flag.short, flag)
  }
  for (const [name, target] of otherNames) {
    const flag = long.get(target)
    if (flag !== undefined && !long.has(name)) long.set(name, flag)
  }
  return { flags, long, short, interspersed }
}

function readEntry(word: string): Flag {
  const [names = '', kind = 'switch'] = word.split('=')
  const [longName = '', short = null] = names.split(',')
  const shortOnly = longName.startsWith('-')
  const [name = '', key = name] = (shortOnly ? longName.slice(1) : longName).split('>')
  return { name, key, short, kind: kind as FlagKind, shortOnly }
}
