import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The spellings of a file, a line each; `␤` stands for a new line, and lines with `##` are headings. */
export function spellings(name: 'dangerous' | 'harmless'): readonly string[] {
  const path = fileURLToPath(new URL(`./${name}.txt`, import.meta.url))
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('##'))
    .map(line => line.replaceAll('␤', '\n'))
}
