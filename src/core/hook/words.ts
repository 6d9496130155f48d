/**
 * A word of which only a part is known carries these where something is missing. A real word cannot have the first; it
 * could have the second, and is then taken for what it is not: for one that nobody knows.
 */
export const someText = '\u0000'
/** Stands for any number of words. */
export const someWords = '\u0001'

export function isOpen(word: string): boolean {
  return word.includes(someText) || word.includes(someWords)
}

/** The program that a word names: `/usr/bin/docker`, `docker.exe`. */
export function programOf(word: string): string {
  const name = word.slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1)
  return name.toLowerCase().replace(/\.(exe|cmd|bat)$/, '')
}

/** As it can be shown: what is not known is `…`. */
export function shown(words: readonly string[]): readonly string[] {
  return words.map(word => word.replaceAll(/[\u0000\u0001]+/g, '…'))
}
