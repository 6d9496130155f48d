/** A word that a POSIX shell takes as it is. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@+-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** A word that fish takes as it is. */
export function fishWord(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@+-]+$/.test(word)) return word
  return `'${word.replaceAll(/['\\]/g, character => `\\${character}`)}'`
}
