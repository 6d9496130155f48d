import { posix } from 'node:path'
import { codeOf, importsOf, type Import } from './source-text.ts'

/** Files by their path from the root of the project, forward slashes. */
export type Files = Readonly<Record<string, string>>

/**
 * Who may import whom. Each part of `src` names the other parts that it may use besides itself; what is pure (`core`,
 * `model`) may be used from above by everyone.
 */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  model: [],
  core: ['model'],
  commands: ['core', 'model'],
  adapters: ['core', 'model'],
  ui: ['core', 'model'],
  'main.ts': ['hook-main.ts', 'commands', 'adapters', 'ui', 'core', 'model'],
  'hook-main.ts': ['commands', 'adapters', 'ui', 'core', 'model'],
  'entry.ts': ['main.ts', 'hook-main.ts', 'adapters', 'core', 'model'],
  'docker-entry.ts': ['main.ts', 'adapters', 'core', 'model'],
  'guardian.ts': ['adapters', 'core', 'model'],
  'age.ts': ['adapters', 'core', 'model'],
  'sqlite.ts': ['adapters', 'core', 'model'],
  'single.ts': ['core'],
}

/** Modules of Node that compute and touch nothing. */
const pureModules = new Set(['node:util', 'node:path'])

/** Parts that do nothing but compute, and those that leave all doing to what they are given. */
const withoutEffects: Readonly<Record<string, ReadonlySet<string>>> = {
  model: new Set(),
  core: new Set(),
  commands: pureModules,
}

/** What may touch the `process` global. Everything else is given what it needs. */
const touchesProcess = new Set([
  'src/main.ts',
  'src/hook-main.ts',
  'src/entry.ts',
  'src/docker-entry.ts',
  'src/guardian.ts',
  'src/age.ts',
  'src/sqlite.ts',
  'src/single.ts',
])

/** Where a library may be loaded, and only when it is needed. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  chalk: ['src/ui/'],
  inquirer: ['src/ui/'],
  ora: ['src/ui/'],
  yaml: ['src/adapters/configuration/', 'src/adapters/compose/'],
  croner: ['src/adapters/schedulers/'],
  nodemailer: ['src/adapters/notifiers/'],
  dockerode: ['src/adapters/docker/'],
  execa: ['src/adapters/'],
  valibot: ['src/adapters/configuration/'],
  fzstd: ['src/adapters/stores/'],
  'age-encryption': ['src/adapters/stores/'],
  unbash: ['src/adapters/shell/'],
}

/** Imports that go against the direction of the layers, a line each. */
export function againstTheLayers(files: Files): readonly string[] {
  return eachImport(files, (path, { from }) => {
    if (!from.startsWith('.')) return null
    const target = targetOf(path, from)
    if (!target.startsWith('src/')) return `${path} imports ${target}, which is outside of src`
    const [own, other] = [partOf(path), partOf(target)]
    if (own === other)
      return own === 'adapters' && folderOf(path) !== folderOf(target)
        ? `${path} imports another adapter, ${target}`
        : null
    return mayUse[own]?.includes(other) ? null : `${path} (${own}) imports ${target} (${other})`
  })
}

/** Imports of Node's modules where nothing may be done but computed. Types are no doing. */
export function impureImports(files: Files): readonly string[] {
  return eachImport(files, (path, { from, how }) => {
    const allowed = withoutEffects[partOf(path)]
    if (allowed === undefined || !from.startsWith('node:') || how === 'type' || allowed.has(from)) return null
    return `${path} imports ${from}`
  })
}

/** Clocks, chance and the like in what must give the same answer every time. */
export function impureWords(files: Files): readonly string[] {
  const impure =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bfetch\(|\bset(?:Timeout|Interval|Immediate)\(|\bglobalThis\b/
  return eachLine(files, (path, line) => {
    if (partOf(path) !== 'core' && partOf(path) !== 'model') return null
    const found = impure.exec(line)?.[0]
    return found === undefined ? null : `uses ${found}`
  })
}

/** Uses of the world's globals outside of the few files that may. */
export function worldGlobals(files: Files): readonly string[] {
  return eachLine(files, (path, line) => {
    if (/(?<![.\w$'"#-])console\b(?!\s*:)/.test(line)) return 'uses console'
    if (touchesProcess.has(path)) return null
    return /(?:(?<![\w$'"#-])(?<!(?<!\.\.)\.)|globalThis\.)process(?=\s*(?:[.[,;)]|\?\.|$))/.test(line)
      ? 'touches process'
      : null
  }).concat(
    eachImport(files, (path, { from }) =>
      from === 'node:process' && !touchesProcess.has(path) ? `${path} imports node:process` : null,
    ),
  )
}

/** Libraries that are loaded at once, or where they have no business. Types cost nothing. */
export function strayLibraries(files: Files): readonly string[] {
  return eachImport(files, (path, { from, how }) => {
    if (from.startsWith('.') || from.startsWith('node:')) return null
    const places = libraries[from]
    if (places === undefined) return `${path} imports ${from}, which no part of src may use`
    if (!places.some(place => path.startsWith(place))) return `${path} imports ${from}, which it may not use`
    return how === 'value' ? `${path} loads ${from} at once; use await import()` : null
  })
}

/** Default exports and re-exports of whole modules. */
export function looseExports(files: Files): readonly string[] {
  return eachLine(files, (_, line) => {
    if (/^\s*export default\b/.test(line)) return 'has a default export'
    return /^\s*export \*/.test(line) ? 're-exports a whole module' : null
  })
}

/** Everything that is loaded at once when this file is: its path and those of all that it imports, and so on. */
export function loadedWith(files: Files, path: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (each: string): void => {
    if (seen.has(each)) return
    seen.add(each)
    for (const { from, how } of importsOf(files[each] ?? ''))
      if (how === 'value' && from.startsWith('.')) visit(targetOf(each, from))
      else if (how === 'value' && !from.startsWith('node:')) seen.add(from)
  }
  visit(path)
  return seen
}

function eachImport(files: Files, judge: (path: string, found: Import) => string | null): string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    importsOf(text).flatMap(found => judge(path, found) ?? []),
  )
}

function eachLine(files: Files, judge: (path: string, line: string) => string | null): string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    codeOf(text)
      .split('\n')
      .flatMap((line, index) => {
        const complaint = judge(path, line)
        return complaint === null ? [] : [`${path}:${index + 1} ${complaint}`]
      }),
  )
}

function targetOf(path: string, from: string): string {
  return posix.join(posix.dirname(path), from)
}

/** `src/adapters/docker/x.ts` → `adapters`; `src/main.ts` → `main.ts`. */
function partOf(path: string): string {
  return path.split('/')[1] ?? path
}

/** `src/adapters/docker/x.ts` → `docker`. */
function folderOf(path: string): string {
  return path.split('/')[2] ?? ''
}
