import { createHash } from 'node:crypto'
import { readInvocation } from '../../src/core/invocation.ts'
import type {
  ContainerDetails,
  ContainerFact,
  Facts,
  ImageFact,
  Model,
  MountFact,
  MountModel,
  ServiceModel,
  VolumeFact,
  VolumeModel,
} from '../../src/model/facts.ts'
import type { Contents, Holding } from '../../src/model/holding.ts'
import { identityOfHolding } from '../../src/model/holding.ts'
import type { Ledger, LedgerService } from '../../src/model/journal.ts'
import type { Circumstances } from '../../src/model/finding.ts'
import type { ComposeForm, Invocation } from '../../src/model/invocation.ts'

/** When everything in these projects was made, and what is now. */
export const madeAt = '2026-11-01T08:00:00.000Z'
export const now = new Date('2026-11-23T20:15:00.000Z')

interface ProjectWords {
  readonly name?: string
  /** The Compose version; `1.29.2` is version 1. */
  readonly compose?: string
  readonly target?: Facts['target']
  readonly services?: readonly ServiceModel[]
  /** Services of inactive profiles: only in the whole model. */
  readonly inactive?: readonly ServiceModel[]
  /** What the file says about volumes beyond their being mounted: `external`, `name`, labels. */
  readonly declared?: readonly (Partial<VolumeModel> & { readonly key: string })[]
  readonly containers?: readonly ContainerFact[]
  readonly volumes?: readonly VolumeFact[]
  readonly images?: readonly ImageFact[]
  readonly hashes?: Readonly<Record<string, string>>
  /** The file cannot be read: what `config` said. */
  readonly broken?: string
  /** What `config` warned of. */
  readonly warnings?: string
  readonly project?: Partial<Facts['project']>
  readonly ledger?: Ledger
  readonly otherLedgers?: readonly Ledger[]
  /** By `identityOfHolding`; see `looked`. */
  readonly contents?: Facts['contents']
  readonly places?: Facts['places']
}

/** A project `shop` with Compose 2.40.3, as declared and as it runs; the services' volumes are declared with them. */
export function aProject(words: ProjectWords = {}): Facts {
  const name = words.name ?? 'shop'
  const version = words.compose ?? '2.40.3'
  const services = words.services ?? []
  const model = aModel(name, services, words.declared ?? [])
  const wholeModel = aModel(name, [...services, ...(words.inactive ?? [])], words.declared ?? [])
  return {
    takenAt: now.toISOString(),
    compose: { version, form: version.startsWith('1.') ? 'v1' : 'plugin' },
    engine: {
      id: 'engine-1',
      version: '28.5.2',
      apiVersion: '1.51',
      host: 'unix:///var/run/docker.sock',
      local: true,
      rootDirectory: '/var/lib/docker',
      securityOptions: [],
    },
    project: {
      name,
      directory: '/srv/shop',
      directoryId: '1:100',
      files: ['/srv/shop/compose.yaml'],
      namedBy: 'directory',
      pinned: [],
      ...words.project,
    },
    model: words.broken === undefined ? model : null,
    wholeModel: words.broken === undefined ? wholeModel : null,
    modelError: words.broken ?? null,
    modelWarnings: words.warnings ?? '',
    target: words.target ?? 'model',
    hashes: words.hashes ?? Object.fromEntries(services.map(service => [service.name, 'hash-1'])),
    containers: words.containers ?? [],
    volumes: words.volumes ?? [],
    images: words.images ?? [],
    ledger: words.ledger ?? null,
    otherLedgers: words.otherLedgers ?? [],
    contents: words.contents ?? {},
    places: words.places ?? {},
  }
}

function aModel(
  name: string,
  services: readonly ServiceModel[],
  declared: ProjectWords['declared'] = [],
): Model {
  const mounted = services.flatMap(service =>
    service.mounts.flatMap(mount => (mount.type === 'volume' ? (mount.source ?? []) : [])),
  )
  const keys = [...new Set([...mounted, ...declared.map(each => each.key)])]
  const volumes = keys.map(key => ({
    name: `${name}_${key}`,
    external: false,
    driver: null,
    driverOptions: {},
    labels: {},
    ...declared.find(each => each.key === key),
    key,
  }))
  return { name, services, volumes }
}

type ServiceWords = Partial<Omit<ServiceModel, 'name' | 'mounts'>> & { readonly mounts?: readonly string[] }

/** A service; mounts as in a file: `pgdata:/path`, `/srv/data:/path`, `/path` (anonymous), with `:ro` at the end. */
export function aService(name: string, words: ServiceWords = {}): ServiceModel {
  return {
    name,
    image: words.build === true ? null : `${name}:1`,
    build: false,
    scale: 1,
    containerName: null,
    dependsOn: [],
    tmpfs: [],
    labels: {},
    settings: {},
    hostname: null,
    stopGracePeriod: null,
    stopSignal: null,
    ...words,
    mounts: (words.mounts ?? []).map(mountModel),
  }
}

function mountModel(word: string): MountModel {
  const parts = word.split(':')
  const readOnly = parts.at(-1) === 'ro'
  const [first = '', second] = readOnly ? parts.slice(0, -1) : parts
  const root = { readOnly, subpath: null }
  if (second === undefined) return { type: 'volume', source: null, target: first, ...root }
  return { type: first.startsWith('/') ? 'bind' : 'volume', source: first, target: second, ...root }
}

type ContainerWords = Partial<Omit<ContainerFact, 'mounts' | 'details'>> & {
  readonly mounts?: readonly string[]
  readonly details?: Partial<ContainerDetails>
}

/** A running container of a service of `shop`; mounts as `volume:/path`, `/srv/data:/path`, with `:ro` at the end. */
export function aContainer(service: string, words: ContainerWords = {}): ContainerFact {
  const number = words.number === undefined ? 1 : words.number
  const project = words.project === undefined ? 'shop' : words.project
  const name = words.name ?? `${project ?? 'alone'}-${service}-${number ?? 'x'}`
  return {
    id: `id-of-${name}`,
    name,
    project,
    service: project === null ? null : service,
    number,
    oneOff: false,
    workingDirectory: '/srv/shop',
    configFiles: ['/srv/shop/compose.yaml'],
    configHash: 'hash-1',
    state: 'running',
    image: `${service}:1`,
    imageId: `sha256:${service}`,
    createdAt: madeAt,
    networks: ['shop_default'],
    ...words,
    labels: { 'com.docker.compose.image': `sha256:${service}`, ...words.labels },
    mounts: (words.mounts ?? []).map(mountFact),
    details: {
      autoRemove: false,
      restartPolicy: 'no',
      restartMaximumRetries: 0,
      exitCode: 0,
      finishedAt: null,
      tmpfs: [],
      settings: {},
      hostname: name,
      stopTimeout: null,
      pid: 1,
      ...words.details,
    },
  }
}

function mountFact(word: string): MountFact {
  const { source, target, readOnly } = mountModel(word)
  if (source?.startsWith('/')) return { type: 'bind', name: null, source, destination: target, readOnly }
  return {
    type: 'volume',
    name: source,
    source: `/var/lib/docker/volumes/${source}/_data`,
    destination: target,
    readOnly,
  }
}

/** A volume of `shop`, named or, with a name of 64 hex digits, anonymous. */
export function aVolume(name: string, words: Partial<VolumeFact> = {}): VolumeFact {
  const anonymous = /^[0-9a-f]{64}$/.test(name)
  return {
    name,
    createdAt: madeAt,
    driver: 'local',
    mountpoint: `/var/lib/docker/volumes/${name}/_data`,
    labels: anonymous
      ? { 'com.docker.volume.anonymous': '' }
      : { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': name.replace(/^[^_]*_/, '') },
    options: {},
    anonymous,
    ...words,
  }
}

/** The name that the engine gives an anonymous volume: 64 hex digits, from one of them. */
export function anonymousName(digit: string): string {
  return digit.repeat(64)
}

export function anImage(reference: string, words: Partial<ImageFact> = {}): ImageFact {
  const name = reference.split(':')[0] ?? reference
  return {
    id: `sha256:${name}`,
    references: [reference],
    digests: [],
    volumes: [],
    versions: {},
    settings: {},
    containerConfig: null,
    ...words,
  }
}

/** A command line as typed after `docker compose` (or `docker-compose`), words parted by blanks. */
export function typed(
  line: string,
  { version = '2.40.3', form }: { version?: string | null; form?: ComposeForm } = {},
): Invocation {
  const how = form ?? (version?.startsWith('1.') === true ? 'v1' : 'plugin')
  const words = line.split(' ').filter(word => word !== '')
  return readInvocation({ argv: how === 'plugin' ? ['compose', ...words] : words, form: how, version })
}

/** Nothing in the environment, nothing on standard input. */
export function circumstances(words: Partial<Circumstances> = {}): Circumstances {
  return {
    variables: {},
    stdin: 'empty',
    directory: '/srv/shop',
    directories: {},
    sha256: text => createHash('sha256').update(text).digest('hex'),
    ...words,
  }
}

/** What was seen in a volume; a PostgreSQL of 1.2 GB unless told otherwise. */
export function someContents(words: Partial<Contents> = {}): Contents {
  return {
    empty: false,
    bytes: 1_200_000_000,
    lastWrite: '2026-11-23T20:13:00.000Z',
    database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '7316000000000000904' },
    cache: null,
    ...words,
  }
}

export const nothingInIt: Contents = {
  empty: true,
  bytes: 0,
  lastWrite: null,
  database: null,
  cache: null,
}

/** For `contents` of a project: what was seen in each volume. */
export function looked(...seen: readonly (readonly [VolumeFact, Contents])[]): Facts['contents'] {
  return Object.fromEntries(
    seen.map(([volume, contents]) => {
      const holding: Holding = { kind: 'volume', name: volume.name, createdAt: volume.createdAt }
      return [identityOfHolding(holding), contents]
    }),
  )
}

/** What is remembered of `shop`; mounts of its services as `volume:/path` or `/srv/data:/path`. */
export function aLedger(
  services: Readonly<Record<string, readonly string[]>>,
  words: Partial<Omit<Ledger, 'services'>> = {},
): Ledger {
  return {
    format: 1,
    project: 'shop',
    engine: 'engine-1',
    directory: '/srv/shop',
    directoryId: '1:100',
    host: 'unix:///var/run/docker.sock',
    compose: '2.40.3',
    updatedAt: madeAt,
    created: [],
    ...words,
    services: Object.entries(services).map(([service, mounts]): LedgerService => ({
      service,
      image: `${service}:1`,
      imageId: `sha256:${service}`,
      mounts: mounts.map(mountFact).map(mount => ({
        type: mount.type === 'bind' ? 'bind' : 'volume',
        name: mount.name ?? mount.source,
        createdAt: mount.type === 'bind' ? null : madeAt,
        destination: mount.destination,
        database: null,
        identity: null,
      })),
    })),
  }
}
