import { parseArgs } from 'node:util'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { LintFinding } from '../core/lint/check.ts'
import { lintFiles } from '../core/lint/index.ts'
import type { ParsedFile } from '../core/lint/tree.ts'
import { Stop } from '../model/failure.ts'

export const lintFormats = ['text', 'json', 'sarif', 'github'] as const

export type LintFormat = (typeof lintFormats)[number]

/** What `lint` needs: no engine, no Compose. */
export interface LintTools {
  readonly directory: string
  /** The project's files as Compose would find them here. */
  readonly findFiles: () => Promise<readonly string[]>
  /** Null when there is no such file or it cannot be read. */
  readonly readText: (path: string) => Promise<string | null>
  /** `name` is what places in it are told by. */
  readonly parse: (name: string, text: string) => Promise<ParsedFile>
  readonly print: (text: string) => void
  readonly render: (format: LintFormat, found: readonly LintFinding[], files: number) => string
}

/**
 * `lint [FILE…]`: what endangers data, as far as the files alone tell it. Resolves with 0 where nothing is found, else
 * 1. Without FILE the project's own files are read together. A file that is named is read together with the base of its
 * directory where it builds on one; only what stands in the named files is told.
 */
export async function lint(words: readonly string[], tools: LintTools): Promise<number> {
  const { format, files } = readWords(words)
  const groups =
    files.length > 0
      ? await groupsOf(files, tools)
      : [await tools.findFiles().then(found => ({ read: found, reported: found }))]
  if (groups.every(({ read }) => read.length === 0))
    throw new Stop({
      reason: 'not-possible',
      what: 'there is no Compose file here',
      how: 'name it: safe-compose lint FILE',
    })
  const found: LintFinding[] = []
  const reported = new Set<string>()
  for (const group of groups) {
    const names = group.reported.map(path => shortName(tools.directory, path))
    const parsed = await Promise.all(group.read.map(path => parseFile(path, tools)))
    found.push(...lintFiles(parsed, new Set(names)))
    for (const name of names) reported.add(name)
  }
  tools.print(tools.render(format, found, reported.size))
  return found.length === 0 ? 0 : 1
}

function readWords(words: readonly string[]): {
  readonly format: LintFormat
  readonly files: readonly string[]
} {
  const how = `safe-compose lint [--format ${lintFormats.join('|')}] [FILE…]`
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { format: { type: 'string' } },
      allowPositionals: true,
      strict: true,
    })
    const format = lintFormats.find(each => each === (values.format ?? 'text'))
    if (format === undefined)
      throw new Stop({ reason: 'bad-usage', what: `there is no format ${String(values.format)}`, how })
    return { format, files: positionals }
  } catch (error) {
    if (error instanceof Stop) throw error
    const why = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error)
    throw new Stop({ reason: 'bad-usage', what: why, how })
  }
}

interface Group {
  /** In Compose's order. */
  readonly read: readonly string[]
  readonly reported: readonly string[]
}

const bases = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']

/** Files of one directory that build on each other are one project. */
async function groupsOf(files: readonly string[], tools: LintTools): Promise<readonly Group[]> {
  const groups: Group[] = []
  const paths = files.map(file => (isAbsolute(file) ? file : join(tools.directory, file)))
  for (const path of new Set(paths)) {
    const base = buildsOnBase(path) ? await baseBeside(path, tools) : null
    const over = base === null && bases.includes(basename(path)) ? await overrideBeside(path, tools) : null
    const read = [base, path, over].filter(each => each !== null)
    groups.push({ read, reported: [path] })
  }
  return groups
}

/** `compose.override.yaml`, `docker-compose.prod.yml`. */
function buildsOnBase(path: string): boolean {
  return /^(?:docker-)?compose\.[\w-]+\.ya?ml$/.test(basename(path))
}

async function baseBeside(path: string, { readText }: LintTools): Promise<string | null> {
  for (const name of bases) {
    const beside = join(dirname(path), name)
    if ((await readText(beside)) !== null) return beside
  }
  return null
}

async function overrideBeside(path: string, { readText }: LintTools): Promise<string | null> {
  for (const name of ['compose', 'docker-compose'])
    for (const ending of ['yml', 'yaml']) {
      const beside = join(dirname(path), `${name}.override.${ending}`)
      if ((await readText(beside)) !== null) return beside
    }
  return null
}

async function parseFile(path: string, tools: LintTools): Promise<ParsedFile> {
  const text = await tools.readText(path)
  if (text !== null) return tools.parse(shortName(tools.directory, path), text)
  throw new Stop({
    reason: 'bad-usage',
    what: `${path} cannot be read`,
    how: 'safe-compose lint FILE…',
  })
}

function shortName(directory: string, path: string): string {
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path
}
