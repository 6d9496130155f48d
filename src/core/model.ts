import type { Model, MountModel, ServiceModel, VolumeModel } from '../model/facts.ts'

/**
 * What `config` prints (JSON of v2 and later, YAML of v1 parsed), as the model. Throws `Error` for what is no model.
 *
 * @param name the project's name, for v1, which leaves it and the volumes' names on the engine out
 */
export function readModel(config: unknown, name?: string): Model {
  if (!isRecord(config)) throw new Error('it is not an object')
  const project = name ?? textOf(config['name'])
  if (project === null) throw new Error('it has no project name')
  const services = Object.entries(recordOf(config['services']))
  const networks = networkNames(config, project)
  return {
    name: project,
    services: services.map(([service, value]) => readService(service, recordOf(value), networks)),
    volumes: Object.entries(recordOf(config['volumes'])).map(([key, value]) =>
      readVolume(key, value, project),
    ),
  }
}

function readService(
  name: string,
  service: Readonly<Record<string, unknown>>,
  networks: ReadonlyMap<string, string>,
): ServiceModel {
  const attached = namesOf(service['networks'])
  return {
    name,
    image: textOf(service['image']),
    build: service['build'] !== undefined && service['build'] !== null,
    scale: scaleOf(service),
    containerName: textOf(service['container_name']),
    dependsOn: dependenciesOf(service),
    ...(textOf(service['network_mode']) === null && attached.length > 0
      ? { networks: attached.flatMap(key => networks.get(key) ?? []) }
      : {}),
    mounts: listOf(service['volumes']).flatMap(readMount),
    tmpfs: textsOf(service['tmpfs']).map(line => line.split(':', 1)[0] ?? line),
    labels: pairsOf(service['labels']),
  }
}

/** What is started before it: said, or meant by links, shared namespaces and volumes (which v1 does not spell out). */
function dependenciesOf(service: Readonly<Record<string, unknown>>): readonly string[] {
  const linked = textsOf(service['links']).map(link => link.split(':', 1)[0] ?? link)
  const shared = ['network_mode', 'ipc', 'pid'].flatMap(key => {
    const [kind, other] = textOf(service[key])?.split(':') ?? []
    return kind === 'service' && other !== undefined ? [other] : []
  })
  const mounted = textsOf(service['volumes_from']).flatMap(entry =>
    entry.startsWith('container:') ? [] : [entry.split(':', 1)[0] ?? entry],
  )
  return [...new Set([...namesOf(service['depends_on']), ...linked, ...shared, ...mounted])]
}

function networkNames(
  config: Readonly<Record<string, unknown>>,
  project: string,
): ReadonlyMap<string, string> {
  const networks = Object.entries(recordOf(config['networks']))
  return new Map(
    networks.map(([key, value]) => [key, textOf(recordOf(value)['name']) ?? `${project}_${key}`]),
  )
}

function scaleOf(service: Readonly<Record<string, unknown>>): number {
  const deployed = recordOf(service['deploy'])['replicas']
  const scale = service['scale'] ?? deployed
  return typeof scale === 'number' && Number.isInteger(scale) ? scale : 1
}

const mountTypes: readonly MountModel['type'][] = ['volume', 'bind', 'tmpfs', 'image', 'cluster', 'npipe']

function readMount(value: unknown): readonly MountModel[] {
  if (typeof value === 'string') return [readShortMount(value)]
  if (!isRecord(value)) return []
  const target = textOf(value['target'])
  const type = mountTypes.find(each => each === value['type'])
  if (target === null || type === undefined) return []
  return [{ type, source: textOf(value['source']), target, readOnly: value['read_only'] === true }]
}

/** `pgdata:/path:ro`, `/srv/data:/path`, `/path` (anonymous): as v1 prints them. */
function readShortMount(line: string): MountModel {
  const [first = '', second, mode = ''] = line.split(':')
  if (second === undefined) return { type: 'volume', source: null, target: first, readOnly: false }
  const readOnly = mode.split(',').includes('ro')
  const type = /^[./~]/.test(first) ? 'bind' : 'volume'
  return { type, source: first, target: second, readOnly }
}

function readVolume(key: string, value: unknown, project: string): VolumeModel {
  const volume = recordOf(value)
  const { external } = volume
  const isExternal = external === true || isRecord(external)
  const named = textOf(volume['name']) ?? (isRecord(external) ? textOf(external['name']) : null)
  return {
    key,
    name: named ?? (isExternal ? key : `${project}_${key}`),
    external: isExternal,
    driver: textOf(volume['driver']),
    driverOptions: pairsOf(volume['driver_opts']),
    labels: pairsOf(volume['labels']),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter(each => typeof each === 'string')
}

/** A list of names, or the keys of a map. */
function namesOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : textsOf(value)
}

/** Labels and the like: a map, or a list of `key=value`. */
function pairsOf(value: unknown): Readonly<Record<string, string>> {
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, scalarText(each)]))
  return Object.fromEntries(
    textsOf(value).map(line => {
      const equals = line.indexOf('=')
      return equals < 0 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)]
    }),
  )
}

/** Labels may be written as numbers or switches; nothing stands for empty. */
function scalarText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
