import type { Invocation } from '../model/invocation.ts'
import { isOn } from './invocation.ts'
import { readAgain } from './read-again.ts'
import { commandOf } from './reach.ts'

/** Per command, the flags without which it deletes less. */
const deletingFlags: Readonly<Record<string, readonly string[]>> = {
  down: ['volumes', 'remove-orphans'],
  rm: ['volumes'],
  up: ['renew-anon-volumes', 'remove-orphans', 'yes', 'y'],
  create: ['remove-orphans', 'yes', 'y'],
  run: ['remove-orphans'],
}

/** The same of the docker CLI. */
const deletingFlagsOfDocker: Readonly<Record<string, readonly string[]>> = {
  'container rm': ['volumes'],
  'system prune': ['volumes'],
}

/**
 * The same command without what deletes: `down -v` → `down`, `rm -fsv` → `rm -fs`. Words as Compose gets them; null
 * where no flag deletes, or where it cannot be taken out without changing anything else.
 */
export function keepTheData(invocation: Invocation): readonly string[] | null {
  const deleting =
    invocation.form === 'docker'
      ? deletingFlagsOfDocker[invocation.command.join(' ')]
      : deletingFlags[commandOf(invocation)]
  const flags = (deleting ?? []).filter(flag => isOn(invocation, flag))
  if (flags.length === 0) return null
  let kept: Invocation | null = invocation
  for (const flag of flags) {
    while (kept !== null && isOn(kept, flag)) kept = withoutOne(kept, flag)
  }
  return kept?.argv ?? null
}

/** Takes one mention of a flag out. Whether it was the right word is told by reading the line again. */
function withoutOne(invocation: Invocation, flag: string): Invocation | null {
  for (const argv of shorterLines(invocation.argv)) {
    const read = readAgain(invocation, argv)
    if (differsOnlyIn(flag, invocation, read)) return read
  }
  return null
}

/** The line with one option word left out, or with one letter out of a cluster such as `-fsv`; the last ones first. */
function shorterLines(argv: readonly string[]): readonly (readonly string[])[] {
  return argv
    .flatMap((word, index) => {
      if (!word.startsWith('-') || word === '-' || word === '--') return []
      const letters =
        word.startsWith('--') || word.length < 3 ? [] : Array.from(word, (_, letter) => letter).slice(1)
      const shorter = letters.map(letter => argv.with(index, word.slice(0, letter) + word.slice(letter + 1)))
      return [argv.toSpliced(index, 1), ...shorter]
    })
    .toReversed()
}

function differsOnlyIn(flag: string, before: Invocation, after: Invocation): boolean {
  return after.outcome === 'run' && fingerprint(before, flag) === fingerprint(after, flag)
}

function fingerprint(
  { command, flags, globals, docker, args, unknownFlags }: Invocation,
  flag: string,
): string {
  const others = Object.entries(flags)
    .filter(([name]) => name !== flag)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([command, others, globals, docker, args, unknownFlags])
}
