import type { Model, MountModel, ServiceModel, VolumeModel } from '../model/facts.ts'
import { parseDuration } from './format.ts'
import { settingsOf } from './settings.ts'
import type { Seal } from './settings.ts'

/**
 * What `config` prints (JSON of v2 and later, YAML of v1 parsed), as the model. Throws `Error` for what is no model.
 *
 * @param seal for values that are secrets
 * @param name the project's name, for v1, which leaves it and the volumes' names on the engine out
 */
export function readModel(config: unknown, seal: Seal, name?: string): Model {
  if (!isRecord(config)) throw new Error('it is not an object')
  const project = name ?? textOf(config['name'])
  if (project === null) throw new Error('it has no project name')
  const services = Object.entries(recordOf(config['services']))
  const networks = networkNames(config, project)
  return {
    name: project,
    services: services.map(([service, value]) => readService(service, recordOf(value), networks, seal)),
    volumes: Object.entries(recordOf(config['volumes'])).map(([key, value]) =>
      readVolume(key, value, project),
    ),
  }
}

/** The same without the services that none of these profiles enables. */
export function enabledOnly(config: unknown, profiles: readonly string[]): unknown {
  if (!isRecord(config)) return config
  const services = Object.entries(recordOf(config['services'])).filter(([, service]) => {
    const own = textsOf(recordOf(service)['profiles'])
    return own.length === 0 || own.some(profile => profiles.includes(profile))
  })
  return { ...config, services: Object.fromEntries(services) }
}

function readService(
  name: string,
  service: Readonly<Record<string, unknown>>,
  networks: ReadonlyMap<string, string>,
  seal: Seal,
): ServiceModel {
  const attached = namesOf(service['networks'])
  const [restarters, shared] = [restartersOf(service), sharedServices(service)]
  return {
    name,
    image: textOf(service['image']),
    build: service['build'] !== undefined && service['build'] !== null,
    scale: scaleOf(service),
    containerName: textOf(service['container_name']),
    dependsOn: dependenciesOf(service),
    ...(restarters.length > 0 ? { restartsWith: restarters } : {}),
    ...(shared.length > 0 ? { sharesWith: shared } : {}),
    ...(textOf(service['pull_policy']) === null ? {} : { pullPolicy: textOf(service['pull_policy']) ?? '' }),
    ...(textOf(service['network_mode']) === null && attached.length > 0
      ? { networks: attached.flatMap(key => networks.get(key) ?? []) }
      : {}),
    mounts: listOf(service['volumes']).flatMap(readMount),
    tmpfs: textsOf(service['tmpfs']).map(line => line.split(':', 1)[0] ?? line),
    labels: pairsOf(service['labels']),
    settings: settingsOf(unescaped(pairsOf(service['environment'])), wordsOf(service), seal),
    hostname: textOf(service['hostname']),
    stopGracePeriod: parseDuration(textOf(service['stop_grace_period']) ?? ''),
    stopSignal: textOf(service['stop_signal']),
  }
}

/** The words of its command line, whichever way they are written. */
function wordsOf(service: Readonly<Record<string, unknown>>): readonly string[] {
  return [...textsOf(service['entrypoint']), ...textsOf(service['command'])].map(unescape)
}

/** `config` prints what it has resolved so that it could be read again: a dollar is doubled. */
function unescape(text: string): string {
  return text.replaceAll('$$', '$')
}

function unescaped(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, unescape(value)]))
}

/** What is started before it: said, or meant by links, shared namespaces and volumes (which v1 does not spell out). */
function dependenciesOf(service: Readonly<Record<string, unknown>>): readonly string[] {
  const linked = textsOf(service['links']).map(link => link.split(':', 1)[0] ?? link)
  return [...new Set([...namesOf(service['depends_on']), ...linked, ...sharedServices(service)])]
}

function sharedServices(service: Readonly<Record<string, unknown>>): readonly string[] {
  const namespaces = ['network_mode', 'ipc', 'pid'].flatMap(key => {
    const [kind, other] = textOf(service[key])?.split(':') ?? []
    return kind === 'service' && other !== undefined ? [other] : []
  })
  const mounted = textsOf(service['volumes_from']).flatMap(entry =>
    entry.startsWith('container:') ? [] : [entry.split(':', 1)[0] ?? entry],
  )
  return [...new Set([...namespaces, ...mounted])]
}

/** What it depends on with `restart: true`. */
function restartersOf(service: Readonly<Record<string, unknown>>): readonly string[] {
  const needs = Object.entries(recordOf(service['depends_on']))
  return needs.flatMap(([name, need]) => (recordOf(need)['restart'] === true ? [name] : []))
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
  const subpath = textOf(recordOf(value['volume'])['subpath'])
  return [{ type, source: textOf(value['source']), target, readOnly: value['read_only'] === true, subpath }]
}

/** `pgdata:/path:ro`, `/srv/data:/path`, `/path` (anonymous): as v1 prints them. */
function readShortMount(line: string): MountModel {
  const [first = '', second, mode = ''] = line.split(':')
  const none = { subpath: null }
  if (second === undefined) return { type: 'volume', source: null, target: first, readOnly: false, ...none }
  const readOnly = mode.split(',').includes('ro')
  const type = /^[./~]/.test(first) ? 'bind' : 'volume'
  return { type, source: first, target: second, readOnly, ...none }
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
