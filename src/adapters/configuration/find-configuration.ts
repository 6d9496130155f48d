import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { badConfiguration } from '../../core/configuration.ts'
import type { ConfigurationSource } from '../../core/configuration.ts'
import { Stop } from '../../model/failure.ts'
import { readYaml } from './read-yaml.ts'

export interface ConfigurationPlaces {
  /** `$XDG_CONFIG_HOME`; empty or null for `~/.config`. */
  readonly configHome: string | null
  readonly home: string
  /** `--safe-config`: read instead of the user's own file; must exist. */
  readonly chosen: string | null
  /** The working directory, for relative paths. */
  readonly directory: string
  /** The project's Compose files, the first one first; empty where none is known. */
  readonly composeFiles: readonly string[]
  /** Where the project lies when no Compose file is known; null when there is no project. */
  readonly projectDirectory: string | null
}

/**
 * Finds and reads every configuration that counts: the user's file, then what the project brings along
 * (`x-safe-compose:` in its Compose files, `.safe-compose.yaml` beside the first of them). Files that do not exist are
 * left out. Throws `bad-configuration` for one that cannot be read or is no YAML.
 */
export async function findConfiguration(
  places: ConfigurationPlaces,
): Promise<readonly ConfigurationSource[]> {
  const files = places.composeFiles.map(file => resolve(places.directory, file))
  const projectDirectory = files[0] === undefined ? places.projectDirectory : dirname(files[0])
  const found = await Promise.all([
    userSource(places),
    ...files.map(extensionSource),
    projectDirectory === null ? null : fileSource('project', resolve(projectDirectory, '.safe-compose.yaml')),
  ])
  return found.filter(source => source !== null)
}

async function userSource(places: ConfigurationPlaces): Promise<ConfigurationSource | null> {
  const { chosen } = places
  if (chosen === null) {
    const configHome = places.configHome || join(places.home, '.config')
    return fileSource('user', join(configHome, 'safe-compose', 'config.yaml'))
  }
  const file = resolve(places.directory, chosen)
  const source = await fileSource('user', file)
  if (source !== null) return source
  throw new Stop({
    reason: 'bad-configuration',
    file,
    line: null,
    key: null,
    what: 'there is no such file',
    how: 'correct --safe-config (or SAFE_COMPOSE_CONFIG), or create the file',
  })
}

async function fileSource(
  owner: ConfigurationSource['owner'],
  file: string,
): Promise<ConfigurationSource | null> {
  const text = await readIfThere(file)
  if (text === null) {
    await refuseOtherEnding(file)
    return null
  }
  const { value, lineOf } = await readYaml(file, text)
  return { owner, file, value, lineOf }
}

/** A file that is nearly right would protect nobody, and nobody would notice. */
async function refuseOtherEnding(file: string): Promise<void> {
  const other = file.replace(/\.yaml$/, '.yml')
  if (other === file) return
  if (!(await stat(other).catch(() => null))?.isFile()) return
  throw badConfiguration(
    { file: other, lineOf: () => null },
    [],
    'it is not read under this name',
    `call it ${file}`,
  )
}

/** `x-safe-compose:` at the top level of a Compose file. A file that Compose cannot read either is passed over. */
async function extensionSource(file: string): Promise<ConfigurationSource | null> {
  // What comes through a fifo can be read but once, and is read for Compose.
  const isFile = (await stat(file).catch(() => null))?.isFile() === true
  const text = isFile ? await readFile(file, 'utf8').catch(() => null) : null
  if (text === null || !text.includes(extensionKey)) return null
  try {
    const { value, lineOf } = await readYaml(file, text)
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, extensionKey)) return null
    return {
      owner: 'project',
      file,
      value: (value as Record<string, unknown>)[extensionKey],
      lineOf: path => lineOf([extensionKey, ...path]),
    }
  } catch (error) {
    if (error instanceof Stop) return null
    throw error
  }
}

const extensionKey = 'x-safe-compose'

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Stop(
      {
        reason: 'bad-configuration',
        file,
        line: null,
        key: null,
        what: code === 'EISDIR' ? 'it is a directory' : `it cannot be read: ${message}`,
        how: 'make it a file that you can read, or take it away',
      },
      { cause: error },
    )
  }
}
