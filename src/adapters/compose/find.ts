import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { keptPluginName } from '../../core/doors/marks.ts'
import type { FoundPlugin } from '../../model/doors.ts'
import type { ComposeForm } from '../../model/invocation.ts'
import { Stop } from '../../model/failure.ts'
import { findOnPath, isExecutable, whyNotExecutable } from './executable.ts'
import { dockerOnPath } from './find-docker.ts'
import { isOurselves, isScriptFile } from './ourselves.ts'
import type { Ourselves } from './ourselves.ts'
import type { Variables } from './own-process.ts'
import type { Program } from './program.ts'
import { composeVersion, probeAnswer } from './version.ts'

/** The real Compose, and how it is started. */
export interface FoundCompose extends Program {
  readonly form: ComposeForm
  /** What an argv begins with before the words typed: `compose` in plugin form. */
  readonly lead: readonly string[]
  /** The file whose version counts; null where it cannot be told. */
  readonly path: string | null
}

export interface Search {
  readonly variables: Variables
  /** The working directory, for relative entries of the PATH. */
  readonly directory: string
  readonly ourselves: Ourselves
  /** Where versions are remembered, see `composeVersion`. */
  readonly cacheFolder: string
  /** The words typed; as a plugin, everything after `docker`. */
  readonly typed: readonly string[]
  /** We were called by the docker CLI as its plugin `compose`. */
  readonly asPlugin: boolean
}

/**
 * Finds the Compose to run: `SAFE_COMPOSE_DOCKER_COMPOSE` if set, else the `docker compose` plugin, else a
 * `docker-compose` on the PATH; never what leads back to us. Reads a few small files and, for a plugin, starts nothing.
 *
 * Throws `Stop`: `compose-not-found` with the places that were looked at, `compose-not-executable` for what
 * `SAFE_COMPOSE_DOCKER_COMPOSE` names.
 */
export function findCompose(search: Search): FoundCompose {
  const looked: string[] = []
  const found = named(search, looked) ?? plugin(search, ['compose'], looked) ?? standalone(search, looked)
  if (found === null) throw new Stop({ reason: 'compose-not-found', looked })
  return found
}

/** The variable by which the docker CLI tells a plugin how it was called; without it the same binary is standalone. */
export const calledAsVariable = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND'

/** Set by whoever wants a certain Compose: the path of a program, or words such as `docker compose`. */
const choiceVariable = 'SAFE_COMPOSE_DOCKER_COMPOSE'

// ---- Named by the user -------------------------------------------------------------------------------------------

function named(search: Search, looked: string[]): FoundCompose | null {
  const text = (search.variables[choiceVariable] ?? '').trim()
  if (text === '') return null
  const path = text.startsWith('~/') ? join(homedir(), text.slice(2)) : resolve(search.directory, text)
  if (text.includes('/') && isExecutable(path)) return chosen(search, path)
  const [name = '', ...words] = text.split(/\s+/)
  if (basename(name) === 'docker' && words.includes('compose')) {
    const found = plugin(search, words, looked)
    if (found === null) throw new Stop({ reason: 'compose-not-found', looked })
    return found
  }
  const program = findOnPath(name, search.variables, search.directory)[0]
  if (program === undefined) throw cannotRun(name.includes('/') ? path : name, whyNot(name, path))
  if (words.length === 0) return chosen(search, program)
  return throughAnother(search, program, words)
}

function whyNot(name: string, path: string): string {
  return (name.includes('/') ? whyNotExecutable(path) : null) ?? 'it is not on the PATH'
}

function cannotRun(path: string, why: string): Stop {
  return new Stop({ reason: 'compose-not-executable', path, why })
}

/** A single program: a standalone Compose of any version, or the file of the plugin. */
function chosen(search: Search, program: string): FoundCompose {
  if (isOurselves(program, search.ourselves)) throw cannotRun(program, 'it is safe-compose itself')
  if (search.asPlugin) return barePlugin(search, program, ['compose'])
  const found = asStandalone(search, program)
  if (found === null) throw cannotRun(program, 'it leads back to safe-compose')
  return found
}

/** Words that end in a Compose which another program starts: `sudo docker compose`, `ssh host docker-compose`. */
function throughAnother(search: Search, program: string, words: readonly string[]): FoundCompose {
  const docker = words.findIndex(word => basename(word) === 'docker')
  const isPlugin = docker >= 0 && words.includes('compose', docker)
  const prefixArgs = isPlugin ? words.slice(0, docker + 1) : words
  const lead = isPlugin ? words.slice(docker + 1) : []
  const found: FoundCompose = {
    form: isPlugin ? 'plugin' : 'standalone',
    program,
    prefixArgs,
    lead,
    variables: { [calledAsVariable]: null },
    path: null,
    isBarePlugin: false,
  }
  const version = composeVersion(found, search.variables, search.cacheFolder)
  if (version === probeAnswer) throw cannotRun([program, ...words].join(' '), 'it leads back to safe-compose')
  return isPlugin ? found : { ...found, form: formOf(version) }
}

// ---- The plugin --------------------------------------------------------------------------------------------------

/** @param lead docker's own flags, if any, and `compose` */
function plugin(search: Search, lead: readonly string[], looked: string[]): FoundCompose | null {
  const settings = readDockerSettings(configFolder(search))
  const candidates = pluginFolders(search, settings).flatMap(({ folder }) =>
    // Beside ours lies the one whose place it has taken.
    ['docker-compose', keptPluginName].map(name => join(folder, name)),
  )
  let shadowed = false
  for (const path of candidates) {
    const isKept = basename(path) === keptPluginName
    if (!isKept) looked.push(path)
    if (!isExecutable(path)) continue
    if (isOurselves(path, search.ourselves)) {
      shadowed = true
      continue
    }
    const found = barePlugin(search, path, lead)
    if (isScriptFile(path) && leadsBack(search, found)) continue
    return shadowed || isKept || search.asPlugin ? found : throughDocker(search, settings, found)
  }
  return null
}

/** The plugin run as the docker CLI runs it, which spares the CLI's own start and the plugin's first one. */
function barePlugin(search: Search, path: string, lead: readonly string[]): FoundCompose {
  const calledAs = search.variables[calledAsVariable] ?? ''
  return {
    form: 'plugin',
    program: path,
    prefixArgs: [],
    lead,
    variables: { [calledAsVariable]: calledAs === '' ? 'docker' : calledAs },
    path,
    isBarePlugin: true,
  }
}

/**
 * The docker CLI does more than start the plugin only where hooks or telemetry are set up, its configuration is
 * broken, or its environment is to be shown (`config --environment`). There it has the word.
 */
function throughDocker(search: Search, settings: DockerSettings, found: FoundCompose): FoundCompose {
  const isSetUp = Object.keys(search.variables).some(name => /^DOCKER_CLI_(HOOKS|OTEL_)/.test(name))
  if (!settings.needsDocker && !isSetUp && !search.typed.includes('--environment')) return found
  const program = dockerOnPath(search)
  if (program === null) return found
  const variables = { [calledAsVariable]: null }
  return { ...found, program, variables, isBarePlugin: false, calledAs: 'docker' }
}

/** Where the docker CLI looks for its plugins, and its own configuration. */
export function findPluginFolders(variables: Variables, directory: string): DockerPlaces {
  const search = { variables, directory, typed: [], asPlugin: false }
  const folder = configFolder(search)
  return { config: join(folder, 'config.json'), folders: pluginFolders(search, readDockerSettings(folder)) }
}

export interface DockerPlaces {
  readonly config: string
  /** The first one counts that has the plugin. */
  readonly folders: readonly PluginFolder[]
}

interface PluginFolder {
  readonly folder: string
  readonly place: FoundPlugin['place']
}

/** The order of the docker CLI's code: what the configuration adds, the user's folder, the system's folders. */
function pluginFolders(search: PlacesSearch, settings: DockerSettings): readonly PluginFolder[] {
  const of = (place: FoundPlugin['place'], folders: readonly string[]): readonly PluginFolder[] =>
    folders.map(folder => ({ folder, place }))
  return [
    ...of(
      'extra',
      settings.pluginFolders.map(folder => resolve(search.directory, folder)),
    ),
    ...of('user', [join(configFolder(search), 'cli-plugins')]),
    ...of('system', systemPluginFolders),
  ]
}

type PlacesSearch = Pick<Search, 'variables' | 'directory' | 'typed' | 'asPlugin'>

const systemPluginFolders = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
]

function configFolder(search: PlacesSearch): string {
  const typed = search.asPlugin ? typedConfigFolder(search.typed) : null
  const told = typed ?? search.variables['DOCKER_CONFIG'] ?? ''
  if (told !== '') return isAbsolute(told) ? told : resolve(search.directory, told)
  return join(search.variables['HOME'] || homedir(), '.docker')
}

/** `docker --config DIR compose …` */
function typedConfigFolder(words: readonly string[]): string | null {
  const before = words.slice(0, words.indexOf('compose'))
  const at = before.findLastIndex(word => word === '--config' || word.startsWith('--config='))
  if (at < 0) return null
  return before[at] === '--config'
    ? (before[at + 1] ?? null)
    : (before[at]?.slice('--config='.length) ?? null)
}

interface DockerSettings {
  readonly pluginFolders: readonly string[]
  readonly needsDocker: boolean
}

function readDockerSettings(folder: string): DockerSettings {
  let text: string
  try {
    text = readFileSync(join(folder, 'config.json'), 'utf8')
  } catch {
    // Without a readable file the docker CLI has its defaults.
    return { pluginFolders: [], needsDocker: false }
  }
  try {
    const settings = JSON.parse(text) as { cliPluginsExtraDirs?: unknown } | null
    const folders = settings?.cliPluginsExtraDirs
    return {
      pluginFolders: Array.isArray(folders) ? folders.filter(each => typeof each === 'string') : [],
      needsDocker: /"(error-)?hooks"/.test(text),
    }
  } catch {
    // The docker CLI warns of it, in its own words.
    return { pluginFolders: [], needsDocker: true }
  }
}

// ---- On the PATH -------------------------------------------------------------------------------------------------

function standalone(search: Search, looked: string[]): FoundCompose | null {
  const candidates = findOnPath('docker-compose', search.variables, search.directory)
  looked.push(...(candidates.length > 0 ? candidates : ['docker-compose on the PATH']))
  for (const path of candidates) {
    if (isOurselves(path, search.ourselves)) continue
    const found = asStandalone(search, path)
    if (found === null) continue
    if (!search.asPlugin) return found
    if (found.form !== 'v1') return barePlugin(search, path, ['compose'])
  }
  return null
}

/** With its form, which only the version tells; null when it leads back to us. */
function asStandalone(search: Search, path: string): FoundCompose | null {
  const found: FoundCompose = {
    form: 'standalone',
    program: path,
    prefixArgs: [],
    lead: [],
    variables: { [calledAsVariable]: null },
    path,
    isBarePlugin: false,
  }
  const version = composeVersion(found, search.variables, search.cacheFolder)
  return version === probeAnswer ? null : { ...found, form: formOf(version) }
}

function leadsBack(search: Search, found: FoundCompose): boolean {
  return composeVersion(found, search.variables, search.cacheFolder) === probeAnswer
}

function formOf(version: string | null): ComposeForm {
  return version !== null && /^v?1\./.test(version) ? 'v1' : 'standalone'
}
