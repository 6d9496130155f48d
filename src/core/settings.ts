import type { ImageFact, ServiceModel, Settings } from '../model/facts.ts'

/** Makes a secret unreadable so that equal ones stay equal. */
export type Seal = (secret: string) => string

/** Variables that say where a server keeps its data, or what it was first set up with. */
const told: ReadonlySet<string> = new Set([
  'PGDATA',
  'POSTGRES_DB',
  'POSTGRES_USER',
  'MYSQL_DATABASE',
  'MYSQL_USER',
  'MARIADB_DATABASE',
  'MARIADB_USER',
  'MONGO_INITDB_DATABASE',
  'MONGO_INITDB_ROOT_USERNAME',
  'RABBITMQ_NODENAME',
])

const secret: ReadonlySet<string> = new Set([
  'POSTGRES_PASSWORD',
  'MYSQL_PASSWORD',
  'MYSQL_ROOT_PASSWORD',
  'MARIADB_PASSWORD',
  'MARIADB_ROOT_PASSWORD',
  'MONGO_INITDB_ROOT_PASSWORD',
])

/** Variables whose value is a command line of its own. */
const lines: ReadonlySet<string> = new Set(['REDIS_ARGS', 'VALKEY_EXTRA_FLAGS', 'MYSQLD_OPTS'])

/** Options of servers that move their data, or decide which file they load. */
const options: ReadonlySet<string> = new Set([
  '--appendonly',
  '--appenddirname',
  '--datadir',
  '--dbfilename',
  '--dbpath',
  '--dir',
  '--data_directory',
])

/** Options of Redis that decide whether it keeps anything at all; `--appendonly` is above. */
const keeping: ReadonlySet<string> = new Set(['--save'])

/** A Redis that is told to save nothing and to write no log is a cache: what it has may go. */
export function isToldToKeepNothing(settings: Settings): boolean {
  return settings['--save'] === '' && settings['--appendonly']?.toLowerCase() !== 'yes'
}

/** What a server was first set up with: read only while its data directory is empty. */
export const initialSettings: readonly string[] = [...told, ...secret].filter(
  name => name !== 'PGDATA' && name !== 'RABBITMQ_NODENAME',
)

/** What moves a server's data, or hides it from the server. */
export const placeSettings: readonly string[] = ['PGDATA', ...options]

/** Of an environment and the words of a command what tells about data. */
export function settingsOf(
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
  seal: Seal,
): Settings {
  const found: Record<string, string> = {}
  const all = [
    ...Object.entries(environment).flatMap(([name, value]) => (lines.has(name) ? value : [])),
    ...words,
  ]
  for (const [option, value] of optionsIn(all.flatMap(word => word.split(/\s+/)))) found[option] = value
  for (const [name, value] of Object.entries(environment)) {
    if (told.has(name)) found[name] = value
    else if (secret.has(name)) found[name] = seal(value)
  }
  return found
}

/** The settings that a new container of a service would have: its image's own, and over them what the file says. */
export function effectiveSettings(service: ServiceModel, image: ImageFact | undefined): Settings {
  return { ...image?.settings, ...service.settings }
}

/** `--dir /x`, `--dir=/x`, and PostgreSQL's `-D /x` and `-c data_directory=/x`; of several the last one counts. */
function optionsIn(words: readonly string[]): readonly (readonly [string, string])[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1] ?? ''
    if (word === '-D') return [['--data_directory', next] as const]
    const setting = word === '-c' ? `--${next}` : word
    const equals = setting.indexOf('=')
    const name = equals < 0 ? setting : setting.slice(0, equals)
    if (!options.has(name) && !keeping.has(name)) return []
    return [[name, equals < 0 ? next : setting.slice(equals + 1)] as const]
  })
}
