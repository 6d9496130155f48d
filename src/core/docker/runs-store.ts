import { dataPathsOfImage } from '../data-paths.ts'

/**
 * Whether `docker run` with these positional words starts the server of a database: its image, and no program of its
 * own, or only options for it. A client from the same image keeps nothing.
 */
export function runsStore([reference = '', program = '-']: readonly string[]): boolean {
  return dataPathsOfImage(reference).length > 0 && program.startsWith('-')
}
