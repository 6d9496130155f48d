/** Our own commands, which stand where Compose's would. Compose has none of these words. */
export const ownWords = {
  backup: 'take a restore point of the project now',
  backups: 'list the restore points',
  show: 'everything that one restore point holds',
  restore: 'put volumes back from a restore point or an archive',
  undo: 'take back the last command that destroyed data',
  approve: 'let one refused command of a coding agent through, once',
  compose: 'hand the rest on to Compose, whatever the word',
  help: 'what safe-compose adds to Compose',
} as const

export type OwnWord = keyof typeof ownWords

export function isOwnWord(word: string): word is OwnWord {
  return Object.hasOwn(ownWords, word)
}
