import type { Invocation } from '../../model/invocation.ts'
import type { DockerLine } from '../../model/docker-line.ts'
import { endangers as dockerEndangers } from '../docker/dangers.ts'
import { dockerEffectOf, readDocker } from '../docker/line.ts'
import { effectOf, readInvocation } from '../invocation.ts'
import { endangers, type LineDanger } from './compose-danger.ts'
import { isCompose } from './docker-programs.ts'

/** A line as the program that is called reads it. */
export interface ReadLine {
  /** Null for one that does not go to Compose. */
  readonly compose: Invocation | null
  readonly danger: LineDanger | null
  /** Whether the guard would look at it at all. */
  readonly isGuarded: boolean
}

/**
 * Reads a line of docker's, of Compose's, or of a program that takes theirs. Where it is not known which Compose there
 * is, every reading counts, and the one that endangers most is given.
 *
 * @param program as `programOf` gives it
 * @param words all that follows it, none of them open
 */
export function readLine(program: string, words: readonly string[], answersYes: boolean): ReadLine {
  if (isCompose(program)) {
    const forms = program === 'safe-compose' ? (['standalone'] as const) : (['standalone', 'v1'] as const)
    const lines = forms.map(form =>
      composeLine(readInvocation({ argv: words, form, version: null }), answersYes),
    )
    return (
      lines.find(({ danger }) => danger !== null) ??
      lines.find(line => line.isGuarded) ??
      (lines[0] as ReadLine)
    )
  }
  const line = readDocker(words)
  if (line.command[0] === 'compose')
    return composeLine(readInvocation({ argv: words, form: 'plugin', version: null }), answersYes)
  return {
    compose: null,
    danger: dockerDanger(program, line),
    isGuarded: line.outcome === 'run' && dockerEffectOf(line) === 'guarded',
  }
}

function composeLine(invocation: Invocation, answersYes: boolean): ReadLine {
  return {
    compose: invocation,
    danger: endangers(invocation, answersYes),
    isGuarded: invocation.outcome === 'run' && effectOf(invocation) === 'guarded',
  }
}

/**
 * Removing containers by name is everyday work and takes no volume; removing all that stand still, or a whole stack,
 * takes containers that the one who types may not know of.
 */
function dockerDanger(program: string, line: DockerLine): LineDanger | null {
  const special = program === 'docker' ? null : specialDanger(line.argv)
  if (special !== null) return special
  const danger = dockerEndangers(line)
  if (danger === null) return null
  const command = line.command.join(' ')
  if (danger.kind === 'containers') return command === 'container rm' ? null : { ...danger, isCertain: false }
  return { ...danger, isCertain: !['stack rm', 'service rm'].includes(command) }
}

/** What podman and nerdctl have and docker has not. */
function specialDanger(words: readonly string[]): LineDanger | null {
  const text = words.filter(word => !word.startsWith('-') || word === '-a' || word === '--all').join(' ')
  const found = specials.find(([pattern]) => pattern.test(text))
  return found === undefined ? null : { kind: 'volumes', what: found[1], isCertain: true }
}

const specials: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^system reset\b/, 'every container, image and volume'],
  [/^machine (rm|reset)\b/, 'the virtual machine with every volume in it'],
  [/^volume (rm|remove) (-a|--all)\b/, 'every volume'],
  [/^(kube down|play kube --down)\b/, 'the pods of the file, with their volumes where --force is given'],
  [/^namespace (rm|remove)\b/, 'the namespace with what is in it'],
]
