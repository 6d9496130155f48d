import { dataPathsOfImage, isWithin, repositoryOf } from '../data-paths.ts'
import { parseDuration } from '../format.ts'
import { placeSettings, settingsOf } from '../settings.ts'
import { entryOf, itemsOf, textOf, valueOf } from './tree.ts'
import type { Place, Tree } from './tree.ts'
import { hasVariable, substitute } from './variables.ts'

/** A project as its files alone tell it: nothing is asked of Compose or of an engine. */
export interface LintProject {
  readonly name: Located | null
  readonly services: readonly LintService[]
  readonly volumes: readonly LintVolume[]
}

/** A text of the file, variables and all. */
export interface Located {
  readonly text: string
  readonly at: Place
}

export interface LintService {
  readonly name: string
  readonly at: Place
  readonly image: Located | null
  readonly mounts: readonly LintMount[]
  readonly hostname: Located | null
  readonly replicas: { readonly count: number; readonly at: Place } | null
  readonly stopGracePeriod: { readonly milliseconds: number; readonly at: Place } | null
  readonly stopSignal: Located | null
  readonly environment: Readonly<Record<string, string>>
  readonly command: readonly string[]
  /** It is only part of another, or takes from one that cannot be seen: what is missing may be said there. */
  readonly isPartial: boolean
  readonly hasProfiles: boolean
}

export interface LintMount {
  readonly type: 'volume' | 'bind' | 'tmpfs'
  /** The key or the path as written; null for an anonymous volume and tmpfs. */
  readonly source: string | null
  /** With variables replaced by their defaults. */
  readonly target: string
  /** As written. */
  readonly rawTarget: string
  readonly readOnly: boolean
  readonly at: Place
}

export interface LintVolume {
  readonly key: string
  readonly at: Place
  readonly name: Located | null
  /** The old way: `external: { name: … }`. */
  readonly externalName: Located | null
  readonly external: { readonly on: boolean; readonly at: Place } | null
  readonly described: readonly Located[]
  readonly driverOptions: Readonly<Record<string, string>>
}

/** Reads what the checks need of one or several files, which count in their order as with `-f`. */
export function readProject(roots: readonly Tree[]): LintProject {
  const services = new Map<string, Tree[]>()
  const volumes = new Map<string, { at: Place; values: Tree[] }>()
  for (const root of roots) {
    for (const [name, { value }] of entriesOf(valueOf(root, 'services')))
      services.set(name, [...(services.get(name) ?? []), value])
    for (const [key, { at, value }] of entriesOf(valueOf(root, 'volumes')))
      volumes.set(key, {
        at: volumes.get(key)?.at ?? at,
        values: [...(volumes.get(key)?.values ?? []), value],
      })
  }
  return {
    name: lastLocated(roots, 'name'),
    services: [...services].map(([name, parts]) => readService(name, withExtended(parts, services))),
    volumes: [...volumes].map(([key, { at, values }]) => readVolume(key, at, values)),
  }
}

/** A service of the same file that is extended comes first. */
function withExtended(
  parts: readonly Tree[],
  services: ReadonlyMap<string, readonly Tree[]>,
): readonly Tree[] {
  return parts.flatMap(part => {
    const extended = valueOf(part, 'extends')
    const name = textOf(extended) ?? textOf(valueOf(extended, 'service'))
    const isHere = extended !== undefined && valueOf(extended, 'file') === undefined && name !== null
    return isHere ? [...(services.get(name) ?? []).filter(each => each !== part), part] : [part]
  })
}

function readService(name: string, parts: readonly Tree[]): LintService {
  const last = parts.at(-1)
  const extended = parts.map(part => valueOf(part, 'extends')).filter(each => each !== undefined)
  const image = lastLocated(parts, 'image')
  const replicas =
    numberAt(lastOf(parts, part => valueOf(part, 'scale'))) ??
    numberAt(lastOf(parts, part => valueOf(valueOf(part, 'deploy'), 'replicas')))
  const grace = lastLocated(parts, 'stop_grace_period')
  const milliseconds = grace === null ? null : parseDuration(substitute(grace.text).text)
  const tmpfs = parts.flatMap(part => itemsOf(valueOf(part, 'tmpfs')).flatMap(readTmpfs))
  return {
    name,
    at: image?.at ?? last?.at ?? { file: '', line: 1, column: 1 },
    image,
    mounts: [
      ...byTarget(parts.flatMap(part => itemsOf(valueOf(part, 'volumes')).flatMap(readMount))),
      ...tmpfs,
    ],
    hostname: lastLocated(parts, 'hostname'),
    replicas,
    stopGracePeriod: grace === null || milliseconds === null ? null : { milliseconds, at: grace.at },
    stopSignal: lastLocated(parts, 'stop_signal'),
    environment: Object.assign({}, ...parts.map(part => pairsOf(valueOf(part, 'environment')))) as Record<
      string,
      string
    >,
    command: [
      ...words(lastOf(parts, part => valueOf(part, 'entrypoint'))),
      ...words(lastOf(parts, part => valueOf(part, 'command'))),
    ],
    isPartial:
      extended.some(each => valueOf(each, 'file') !== undefined) || parts.some(part => part.kind !== 'map'),
    hasProfiles: parts.some(part => itemsOf(valueOf(part, 'profiles')).length > 0),
  }
}

/** Of several files the last one that says it. */
function lastOf(parts: readonly Tree[], read: (part: Tree) => Tree | undefined): Tree | undefined {
  return parts.map(read).findLast(each => each !== undefined)
}

function words(tree: Tree | undefined): readonly string[] {
  return itemsOf(tree).flatMap(each => textOf(each) ?? [])
}

function numberAt(tree: Tree | undefined): { readonly count: number; readonly at: Place } | null {
  const count = Number(substitute(textOf(tree) ?? '').text || Number.NaN)
  return tree === undefined || !Number.isInteger(count) ? null : { count, at: tree.at }
}

/** Compose merges mounts by their place in the container; the last one counts. */
function byTarget(mounts: readonly LintMount[]): readonly LintMount[] {
  return [...new Map(mounts.map(mount => [mount.target, mount])).values()]
}

function readMount(tree: Tree): readonly LintMount[] {
  if (tree.kind === 'scalar') return tree.text === null ? [] : [readShortMount(tree.text, tree.at)]
  const rawTarget = textOf(valueOf(tree, 'target'))
  if (rawTarget === null) return []
  const type = textOf(valueOf(tree, 'type'))
  const source = textOf(valueOf(tree, 'source'))
  return type === 'volume' || type === 'bind' || type === 'tmpfs'
    ? [
        {
          type,
          source: type === 'tmpfs' ? null : source,
          target: targetOf(rawTarget),
          rawTarget,
          readOnly: textOf(valueOf(tree, 'read_only')) === 'true',
          at: tree.at,
        },
      ]
    : []
}

/** `pgdata:/path:ro`, `./data:/path`, `/path`; colons inside of `${…}` do not part. */
function readShortMount(line: string, at: Place): LintMount {
  const parts = partsOf(line)
  const [first = '', second, mode = ''] = parts
  if (second === undefined)
    return { type: 'volume', source: null, target: targetOf(first), rawTarget: first, readOnly: false, at }
  const isPath =
    /^[./~]/.test(substitute(first).text) || (hasVariable(first) && /^\$\{?\w+[^}]*\}?\//.test(first))
  return {
    type: isPath ? 'bind' : 'volume',
    source: first,
    target: targetOf(second),
    rawTarget: second,
    readOnly: mode.split(',').includes('ro'),
    at,
  }
}

function partsOf(line: string): readonly string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const character of line) {
    if (character === '{') depth++
    if (character === '}') depth--
    if (character === ':' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

function readTmpfs(tree: Tree): readonly LintMount[] {
  const line = textOf(tree)
  if (line === null) return []
  const [path = ''] = partsOf(line)
  return [
    { type: 'tmpfs', source: null, target: targetOf(path), rawTarget: path, readOnly: false, at: tree.at },
  ]
}

function targetOf(raw: string): string {
  const { text } = substitute(raw)
  return text.length > 1 ? text.replace(/\/+$/, '') : text
}

function readVolume(key: string, at: Place, values: readonly Tree[]): LintVolume {
  const external = lastOf(values, value => valueOf(value, 'external'))
  const externalName = located(valueOf(external, 'name'))
  return {
    key,
    at,
    name: lastLocated(values, 'name'),
    externalName,
    external:
      external === undefined
        ? null
        : { on: externalName !== null || textOf(external) === 'true', at: external.at },
    described: ['driver', 'driver_opts', 'labels'].flatMap(word => {
      const entry = values.map(value => entryOf(value, word)).findLast(each => each !== null)
      return entry === undefined || entry === null ? [] : [{ text: word, at: entry.at }]
    }),
    driverOptions: Object.assign(
      {},
      ...values.map(value => pairsOf(valueOf(value, 'driver_opts'))),
    ) as Record<string, string>,
  }
}

function entriesOf(
  tree: Tree | undefined,
): readonly (readonly [string, { readonly at: Place; readonly value: Tree }])[] {
  return tree?.kind === 'map' ? [...tree.entries] : []
}

function lastLocated(parts: readonly Tree[], key: string): Located | null {
  return located(lastOf(parts, part => valueOf(part, key)))
}

function located(tree: Tree | undefined): Located | null {
  const text = textOf(tree)
  return tree === undefined || text === null ? null : { text, at: tree.at }
}

/** A map, or a list of `key=value`. */
function pairsOf(tree: Tree | undefined): Readonly<Record<string, string>> {
  if (tree?.kind === 'map')
    return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, textOf(value) ?? '']))
  return Object.fromEntries(
    words(tree).map(line => {
      const equals = line.indexOf('=')
      return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)]
    }),
  )
}

// ---- Stores ------------------------------------------------------------------------------------------------------

/** A service whose image is known to keep data, and where. */
export interface LintStore {
  readonly service: LintService
  readonly image: Located
  /** The repository's last part: `postgres`. */
  readonly kind: string
  /** With variables replaced; null where a variable without a default decides. */
  readonly tag: string | null
  /** What it is told by its environment or command line, else where its image keeps it; one of them holds the data. */
  readonly paths: readonly string[]
  /** It is told so. */
  readonly isTold: boolean
}

export function storesOf(project: LintProject): readonly LintStore[] {
  return project.services.flatMap(service => {
    const { image } = service
    if (image === null) return []
    const { text, open } = substitute(image.text)
    const known = dataPathsOfImage(text)
    if (known.length === 0) return []
    const settings = settingsOf(service.environment, service.command, secret => secret)
    const told = placeSettings.flatMap(name => settings[name] ?? []).filter(path => path.startsWith('/'))
    const repository = repositoryOf(text)
    return [
      {
        service,
        image,
        kind: repository.slice(repository.lastIndexOf('/') + 1),
        tag: open.length > 0 ? null : tagOf(text),
        paths: told.length > 0 ? told : known,
        isTold: told.length > 0,
      },
    ]
  })
}

/** Empty where there is none; a digest counts as `@`. */
function tagOf(reference: string): string {
  if (reference.includes('@')) return '@'
  return reference.slice(repositoryOf(reference).length + 1)
}

/** The major version of a PostgreSQL: `16`, `15-3.3` of postgis, `pg16`, `latest-pg16`; null where it cannot be told. */
export function postgresMajor(tag: string | null): number | null {
  const match = /(?:^|-)pg(\d+)/.exec(tag ?? '') ?? /^(\d+)/.exec(tag ?? '')
  return match === null ? null : Number(match[1])
}

const postgresKinds: ReadonlySet<string> = new Set(['postgres', 'postgis', 'pgvector', 'timescaledb'])

export function isOfficialPostgres({ kind, image }: LintStore): boolean {
  return postgresKinds.has(kind) && !image.text.includes('bitnami')
}

/** Mounts through which the store's data lives on: at one of its paths, or below it. */
export function dataMounts({ service, paths }: LintStore): readonly LintMount[] {
  return service.mounts.filter(({ target }) =>
    paths.some(path => isWithin(target, path) || isWithin(path, target)),
  )
}
