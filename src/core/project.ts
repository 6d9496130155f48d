import type { Facts } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ModelAnswer } from '../model/ports.ts'
import { readEnvFile } from './env-file.ts'
import { versionNumber } from './grammar/version.ts'
import { globalList, globalText, projectLookupOf } from './invocation.ts'

/** Where a project lies, and what is said about it before its file is read. */
export interface ProjectPlace {
  readonly directory: string
  /** Absolute; those that exist or are named. `-` (standard input) is left out. */
  readonly files: readonly string[]
  /** By `-p` or COMPOSE_PROJECT_NAME; null where the file or the directory names it. */
  readonly name: string | null
  readonly namedBy: Facts['project']['namedBy']
  /** The environment, with what `.env` files add to it. */
  readonly variables: Readonly<Record<string, string>>
  /** Those of `variables` that only a `.env` file sets. */
  readonly envFileOnly: readonly string[]
}

type Variables = Readonly<Record<string, string | undefined>>
type ReadText = (path: string) => Promise<string | null>

const baseNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]
/** v1 looks in another order. */
const baseNamesV1 = ['docker-compose.yml', 'docker-compose.yaml', 'compose.yml', 'compose.yaml']
const overrideNamesV1 = [...overrideNames.slice(2), ...overrideNames.slice(0, 2)]

/**
 * Finds a project's files, directory and name as Compose does: `-f`, COMPOSE_FILE (environment, then .env), else the
 * search upwards; the directory of the first file; `-p`, then COMPOSE_PROJECT_NAME.
 */
export async function locateProject(
  invocation: Invocation,
  variables: Variables,
  directory: string,
  readText: ReadText,
): Promise<ProjectPlace> {
  const told = globalText(invocation, 'project-directory') ?? globalText(invocation, 'workdir')
  const start = told === null || told === '' ? directory : resolvePath(directory, told)
  const own = definedOf(variables)
  const typedFiles = globalList(invocation, 'file')
  const early = await readEnvFiles(invocation, own, [directory, start], directory, readText)
  const listed = typedFiles.length > 0 ? typedFiles : splitFiles(own, early)
  const found = listed.length > 0 ? null : await searchUpwards(start, invocation.form === 'v1', readText)
  const files =
    listed.length > 0
      ? listed.filter(file => file !== '-').map(file => resolvePath(directory, file))
      : (found?.files ?? [])
  const first = files[0]
  const place = told !== null && told !== '' ? start : first === undefined ? directory : parentOf(first)
  // Version 1 knows only the .env where the search began.
  const last = invocation.form === 'v1' ? start : place
  const env = await readEnvFiles(invocation, own, [directory, last], directory, readText)
  const merged = { ...env, ...own }
  const typedName = globalText(invocation, 'project-name') ?? ''
  const name = typedName === '' ? (merged['COMPOSE_PROJECT_NAME'] ?? '') : typedName
  return {
    directory: place,
    files,
    name: name === '' ? null : name,
    namedBy:
      typedName !== ''
        ? 'flag'
        : name !== ''
          ? (own['COMPOSE_PROJECT_NAME'] ?? '') === ''
            ? 'env-file'
            : 'environment'
          : typedFiles.includes('-') || (await saysItsName(files, readText))
            ? 'file'
            : 'directory',
    variables: merged,
    envFileOnly: Object.keys(env).filter(key => own[key] === undefined),
  }
}

/**
 * How a command finds what it acts on: `down`, `rm`, `stop` and the like go by the labels on the engine where `-p` is
 * given without `-f`, and where the file cannot be loaded and COMPOSE_PROJECT_NAME is set. v1 has no such mode.
 */
export function targetOf(
  invocation: Invocation,
  answer: ModelAnswer,
  variables: Readonly<Record<string, string>>,
): Facts['target'] {
  if (invocation.form === 'v1') return 'model'
  const lookup = projectLookupOf(invocation)
  if (lookup !== 'model-or-name' && lookup !== 'name') return 'model'
  const isNamed = (globalText(invocation, 'project-name') ?? '') !== ''
  if (isNamed && globalList(invocation, 'file').length === 0) return 'labels'
  if (answer.ok) return 'model'
  const name = globalText(invocation, 'project-name') ?? variables['COMPOSE_PROJECT_NAME'] ?? ''
  return name === '' ? 'model' : 'labels'
}

/**
 * The project's directory as Compose takes it, the folder of the first file; null where that file is a descriptor
 * (`-f <(…)`): every project that is typed so would seem to lie in `/dev/fd`.
 */
export function directoryIfAny(path: string | null): string | null {
  return path === null || /^\/(dev|proc)(\/|$)/.test(path) ? null : path
}

/** Whether a Compose file has a top-level `name:`; one that cannot be read (a fifo) may well have one. */
async function saysItsName(files: readonly string[], readText: ReadText): Promise<boolean> {
  const texts = await Promise.all(files.map(readText))
  return texts.some(text => text === null || /^["']?name["']?\s*:\s*\S/m.test(text))
}

/** As v1 derives it: normalised, from the name that is told or the directory's. */
export function projectNameV1(place: ProjectPlace, directory: string): string {
  const told = place.name ?? baseOf(place.files.length > 0 ? place.directory : directory)
  const normal = told
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
  return normal === '' ? 'default' : normal
}

function splitFiles(
  own: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const text = own['COMPOSE_FILE'] ?? env['COMPOSE_FILE'] ?? ''
  const separator = own['COMPOSE_PATH_SEPARATOR'] ?? env['COMPOSE_PATH_SEPARATOR'] ?? ':'
  return text === '' ? [] : text.split(separator === '' ? ':' : separator).filter(file => file !== '')
}

async function searchUpwards(
  start: string,
  isV1: boolean,
  readText: ReadText,
): Promise<{ readonly files: readonly string[] } | null> {
  for (let folder = start; ; folder = parentOf(folder)) {
    const base = await firstThere(folder, isV1 ? baseNamesV1 : baseNames, readText)
    if (base !== null) {
      const over = await firstThere(folder, isV1 ? overrideNamesV1 : overrideNames, readText)
      return { files: over === null ? [base] : [base, over] }
    }
    if (folder === '/' || parentOf(folder) === folder) return null
  }
}

async function firstThere(
  folder: string,
  names: readonly string[],
  readText: ReadText,
): Promise<string | null> {
  const paths = names.map(name => (folder === '/' ? `/${name}` : `${folder}/${name}`))
  const texts = await Promise.all(paths.map(readText))
  return paths[texts.findIndex(text => text !== null)] ?? null
}

/** Where the first of two files wins: the working directory's .env (from 2.27.2 on), then the project's. */
async function readEnvFiles(
  invocation: Invocation,
  own: Readonly<Record<string, string>>,
  folders: readonly [working: string, project: string],
  directory: string,
  readText: ReadText,
): Promise<Readonly<Record<string, string>>> {
  const typed = globalList(invocation, 'env-file')
  const listed =
    typed.length > 0 ? typed : (own['COMPOSE_ENV_FILES'] ?? '').split(',').filter(file => file !== '')
  if (listed.length > 0) {
    return readInTurn(listed.filter(isPlainFile).map(file => resolvePath(directory, file)))
  }
  if (/^(1|t|true)$/i.test(own['COMPOSE_DISABLE_ENV_FILE'] ?? '')) return {}
  const version = invocation.version === null ? null : versionNumber(invocation.version)
  const readsWorking =
    invocation.form !== 'v1' && (version === null || version >= (versionNumber('2.27.2') ?? 0))
  const [working, project] = folders
  const paths = readsWorking ? [project, working] : [project]
  return readInTurn([...new Set(paths)].map(folder => `${folder}/.env`))

  /** The later file counts. */
  async function readInTurn(paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const texts = await Promise.all(paths.map(readText))
    const all = texts.reduce<Readonly<Record<string, string>>>(
      (above, text) => ({ ...above, ...readEnvFile(text ?? '', { ...above, ...own }) }),
      {},
    )
    return Object.fromEntries(Object.entries(all).filter(([name]) => concernsCompose.test(name)))
  }
}

const concernsCompose = /^(COMPOSE|DOCKER)_/

/** What can be read more than once: no descriptor, no standard input. */
function isPlainFile(path: string): boolean {
  return path !== '-' && !/^\/(dev|proc)\//.test(path)
}

function definedOf(variables: Variables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}

/** Absolute, without `.`, `..` and a slash at the end. */
export function resolvePath(directory: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function parentOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at <= 0 ? '/' : path.slice(0, at)
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
