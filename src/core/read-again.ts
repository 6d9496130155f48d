import type { DockerLine } from '../model/docker-line.ts'
import type { Invocation } from '../model/invocation.ts'
import { readDocker } from './docker/line.ts'
import { readInvocation } from './invocation.ts'

/** Other words, read as the program of this line reads them. */
export function readAgain({ form, version }: Invocation, argv: readonly string[]): Invocation {
  return form === 'docker' ? asInvocation(readDocker(argv)) : readInvocation({ argv, form, version })
}

/** A line of the docker CLI, as everything that guards a command takes it. */
export function asInvocation(line: DockerLine): Invocation {
  return { ...line, form: 'docker', globalWords: [], version: null, globals: {} }
}

/** The words of a command as it is remembered and spoken of; those of the docker CLI with its name before them. */
export function wordsOf({ form, argv }: Pick<Invocation, 'form' | 'argv'>): readonly string[] {
  return form === 'docker' ? ['docker', ...argv] : argv
}
