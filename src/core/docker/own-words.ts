import type { OwnWord } from '../own-words.ts'

/**
 * Our own words under `safe-docker`: for what a line of the docker CLI took, and for what belongs to no project. Docker
 * has none of them. Everything else of ours is a word of `safe-compose`.
 */
export const dockerWords = ['undo', 'backups', 'show', 'restore'] as const satisfies readonly OwnWord[]

export type DockerWord = (typeof dockerWords)[number]

export function isDockerWord(word: string): word is DockerWord {
  return (dockerWords as readonly string[]).includes(word)
}
