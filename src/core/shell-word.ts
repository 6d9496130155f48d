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

/** The word that `shellWord` has written. */
export function plainShellWord(written: string): string {
  if (!written.startsWith("'")) return written
  return written.slice(1, -1).replaceAll(`'\\''`, "'")
}

/** The word that `fishWord` has written. */
export function plainFishWord(written: string): string {
  if (!written.startsWith("'")) return written
  return written.slice(1, -1).replaceAll(/\\(['\\])/g, '$1')
}
