import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FlagValue } from '../../model/invocation.ts'
import { badEndpoint, chooseEndpoint, chooseTls, parseHost } from './endpoint.ts'
import type { Endpoint, EndpointTls } from './endpoint.ts'

/** What decides which engine is meant. */
export interface EndpointOptions {
  /** The docker CLI's global flags under their long names (`context`, `host`, `config`, `tlsverify`, …). */
  readonly flags: Readonly<Record<string, FlagValue>>
  readonly variables: Readonly<Record<string, string>>
  /** The user's home directory. */
  readonly home: string
  readonly windows?: boolean
}

/**
 * Finds the engine's endpoint as the docker CLI does, reading its configuration, contexts and TLS files. Nothing is
 * connected yet. Throws `bad-engine-endpoint`.
 */
export async function findEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { flags, variables } = options
  const folder = configFolder(options)
  const choice = chooseEndpoint({ flags, variables, currentContext: await currentContext(folder) })
  if (choice.kind === 'context') return contextEndpoint(folder, choice.name, options.windows)
  const wish = chooseTls(flags, variables)
  const tls = wish === 'none' ? null : await defaultTls(options, folder, wish === 'verified')
  return parseHost(choice.host, tls, options.windows)
}

/** The filters that the docker CLI adds to every `prune` by its configuration. Throws `bad-engine-endpoint`. */
export async function findPruneFilters(
  options: Pick<EndpointOptions, 'flags' | 'variables' | 'home'>,
): Promise<readonly string[]> {
  const { pruneFilters } = await readConfig(configFolder(options))
  return Array.isArray(pruneFilters) ? pruneFilters.filter(each => typeof each === 'string') : []
}

function configFolder({
  flags,
  variables,
  home,
}: Pick<EndpointOptions, 'flags' | 'variables' | 'home'>): string {
  return textOf(flags['config']) ?? (variables['DOCKER_CONFIG'] || join(home, '.docker'))
}

async function currentContext(folder: string): Promise<string | null> {
  const config = await readConfig(folder)
  return typeof config.currentContext === 'string' ? config.currentContext : null
}

async function readConfig(
  folder: string,
): Promise<{ readonly currentContext?: unknown; readonly pruneFilters?: unknown }> {
  const path = join(folder, 'config.json')
  const text = await readOptional(path)
  if (text === null || text.trim() === '') return {}
  return parse(path, text) as { readonly currentContext?: unknown; readonly pruneFilters?: unknown }
}

/** A context's folders carry the SHA-256 of its name. */
async function contextEndpoint(folder: string, name: string, windows?: boolean): Promise<Endpoint> {
  const id = createHash('sha256').update(name).digest('hex')
  const path = join(folder, 'contexts', 'meta', id, 'meta.json')
  const text = await readOptional(path)
  if (text === null) {
    throw badEndpoint(
      `there is no docker context called ${name}`,
      'docker context ls lists those that there are',
    )
  }
  const meta = parse(path, text) as {
    Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } }
  }
  const docker = meta.Endpoints?.docker
  if (docker === undefined) {
    throw badEndpoint(`the docker context ${name} names no engine`, `docker context inspect ${name} shows it`)
  }
  const tlsFolder = join(folder, 'contexts', 'tls', id, 'docker')
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map(file => readOptional(join(tlsFolder, file))),
  )
  const secure = ca || cert || key || docker.SkipTLSVerify === true
  const tls: EndpointTls | null = secure
    ? { ca: ca ?? null, cert: cert ?? null, key: key ?? null, verify: docker.SkipTLSVerify !== true }
    : null
  return parseHost(docker.Host ?? null, tls, windows)
}

/** Files named by a flag must be there; those at their default place may be missing, but for the authority. */
async function defaultTls(options: EndpointOptions, folder: string, verify: boolean): Promise<EndpointTls> {
  const place = options.variables['DOCKER_CERT_PATH'] || folder
  const read = async (flag: string, file: string, needed: boolean): Promise<string | null> => {
    const named = textOf(options.flags[flag])
    const path = named ?? join(place, file)
    const text = await readOptional(path)
    if (text === null && (named !== null || needed)) {
      throw badEndpoint(
        `the TLS file ${path} cannot be read`,
        `name the right one with --${flag}, or the folder with DOCKER_CERT_PATH`,
      )
    }
    return text
  }
  const [ca, cert, key] = await Promise.all([
    read('tlscacert', 'ca.pem', verify),
    read('tlscert', 'cert.pem', false),
    read('tlskey', 'key.pem', false),
  ])
  return { ca, cert, key, verify }
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw badEndpoint(`${path} cannot be read (${code ?? String(error)})`, 'make it readable for you')
  }
}

function parse(path: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below, as for any other text that is no object.
  }
  throw badEndpoint(
    `${path} is not a JSON object`,
    'mend or remove it; the docker command cannot read it either',
  )
}

function textOf(value: FlagValue | undefined): string | null {
  const text = typeof value === 'string' ? value : value?.[0]
  return text || null
}
