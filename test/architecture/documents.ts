import { posix } from 'node:path'
import type { Files } from './layers.ts'

/** What may lie at the top of the project; everything else has its place further down. */
const topLevel = new Set([
  'src',
  'bin',
  'test',
  'examples',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'README.md',
  'LICENSE',
])

/** Entries at the top that are neither allowed nor begin with a dot. */
export function strayEntries(paths: readonly string[]): readonly string[] {
  const entries = new Set(paths.map(path => path.split('/')[0] ?? path))
  return [...entries].filter(entry => !entry.startsWith('.') && !topLevel.has(entry))
}

/** Paths of one machine, hosts that somebody's network chose, notes about tools: they mean nothing to others. */
const elsewhere: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'a path of one machine',
    pattern: /(?<![\w.~}*/-])\/(?:work|Users)\/[\w.-]+/,
  },
  {
    what: 'the name of a registry or mirror',
    pattern: /\bregistry\.[\w-]+\.(?:org|com|net)\b|\bdebian\.org\b/,
  },
  { what: 'a note about who wrote it', pattern: /\b(?:generated (?:by|with)|co-authored-by)\b/i },
]

/** Lines that speak of a machine, a network or an author instead of the project. */
export function workplaceWords(files: Files): readonly string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) =>
      elsewhere.flatMap(({ what, pattern }) => {
        const found = pattern.exec(line)?.[0]
        return found === undefined ? [] : [`${path}:${index + 1} has ${what}: ${found}`]
      }),
    ),
  )
}

/** Documents that are named somewhere but are not in the project. */
export function missingDocuments(files: Files): readonly string[] {
  const names = new Set(Object.keys(files).map(path => posix.basename(path)))
  return Object.entries(files).flatMap(([path, text]) =>
    [...text.matchAll(/(?<![\w/.-])[A-Za-z][\w-]*\.md\b/g)]
      .map(match => match[0])
      .filter(name => !names.has(name))
      .map(name => `${path} names ${name}, which is not in the project`),
  )
}

/** Links of a Markdown file to files of the project that are not there. */
export function brokenLinks(files: Files, paths: readonly string[]): readonly string[] {
  const there = new Set(paths.flatMap(path => [path, ...parentsOf(path)]))
  return Object.entries(files)
    .filter(([path]) => path.endsWith('.md'))
    .flatMap(([path, text]) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(match => posix.join(posix.dirname(path), match[1] ?? ''))
        .map(target => target.replace(/\/$/, ''))
        .filter(target => !there.has(target))
        .map(target => `${path} links to ${target}, which is not there`),
    )
}

/** The rows of the first table below a heading of a Markdown text, each as its cells; without the head. */
export function tableBelow(text: string, heading: string): readonly (readonly string[])[] {
  const lines = text.split('\n')
  const from = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (from === -1) throw new Error(`there is no heading "${heading}"`)
  const rest = lines.slice(from + 1)
  const begin = rest.findIndex(line => line.startsWith('|'))
  if (begin === -1) throw new Error(`there is no table below "${heading}"`)
  const length = rest.slice(begin).findIndex(line => !line.startsWith('|'))
  return rest.slice(begin + 2, length === -1 ? undefined : begin + length).map(cellsOf)
}

function cellsOf(row: string): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())
}

function parentsOf(path: string): readonly string[] {
  const parent = posix.dirname(path)
  return parent === '.' ? ['.'] : [parent, ...parentsOf(parent)]
}
