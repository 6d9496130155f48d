import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needTools, type Suite } from './apt.ts'
import { cacheFolder, withLock } from './cache.ts'
import {
  answers,
  killDaemon,
  placeOf,
  requirePrivileges,
  startDaemon,
  stopDaemon,
  type Place,
} from './daemon.ts'
import { ensureImages } from './images.ts'
import { prepareCompose, prepareEngine, type ComposeTools } from './toolchain.ts'
import { chooseSuite, composes, engines } from './versions.ts'

/** A private engine that answers, and the Compose to use with it. */
export type TestEngine = {
  /** `unix://…` */
  host: string
  version: string
  /** DOCKER_HOST, DOCKER_CONFIG, PATH and the choice of versions, to be laid over the environment of a child. */
  env: Record<string, string>
  /** Path of the docker CLI. */
  docker: string
  compose: Pick<ComposeTools, 'version' | 'plugin' | 'standalone' | 'command'>
  dataRoot: string
  /** File of its network namespace: published ports are reached with `nsenter --net=FILE`. */
  netns: string
  /** Whether this call started it, or found it running. */
  startedHere: boolean
  /** Makes it have these images. */
  ensureImages(names: readonly string[]): Promise<void>
  /** SIGKILL of dockerd and containerd; containers go on. Of an ephemeral engine only. */
  kill(): Promise<void>
  /** Starts a killed engine again on the same data. */
  startAgain(): Promise<void>
  /** Ends an ephemeral engine and removes its data; ends the shared engine if this call started it. */
  stop(): Promise<void>
}

export type EngineOptions = {
  /** `newest`, `28.5`, `26.1`, `20.10`; else SAFE_COMPOSE_TEST_ENGINE, else the newest. */
  engine?: string | undefined
  /** `newest`, `2.40.3`, `2.26.1`, `1.29.2`; else SAFE_COMPOSE_TEST_COMPOSE, else the newest. */
  compose?: string | undefined
  /** Images it shall have; busybox if nothing is said. */
  images?: readonly string[]
  /** A second engine for this caller alone, with data of its own. */
  ephemeral?: boolean
}

/**
 * Returns a private engine: the shared one, started where it does not run, or an ephemeral one.
 *
 * Throws with the reason when it cannot be had (no Linux, no root, no packages, no start).
 */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  const { place, bin, version, suite } = await prepare(options)
  const compose = await chosenCompose(options.compose)
  const startedHere = await withLock(`engine-${place.name}`, async () => {
    if (await answers(place)) return false
    await startDaemon(place, bin)
    return true
  })
  const tools = { docker: compose.docker, engineBin: bin }
  const engine: TestEngine = {
    host: `unix://${place.socket}`,
    version,
    env: environment(place, version, compose),
    docker: compose.docker,
    compose: {
      version: compose.version,
      plugin: compose.plugin,
      standalone: compose.standalone,
      command: compose.command,
    },
    dataRoot: place.dataRoot,
    netns: `/run/netns/${place.netns}`,
    startedHere,
    ensureImages: names => ensureImages(place, names, tools),
    kill: () => {
      if (!options.ephemeral)
        throw new Error(`the shared engine ${suite} is not to be killed; start an ephemeral one`)
      return killDaemon(place)
    },
    startAgain: () => startDaemon(place, bin),
    stop: () => stopEngine(place, Boolean(options.ephemeral), startedHere),
  }
  try {
    await engine.ensureImages(options.images ?? ['busybox'])
  } catch (error) {
    await engine.stop()
    throw error
  }
  return engine
}

/** What `env` prints for the shared engine, without starting it; null when it does not answer. */
export async function runningEnvironment(options: EngineOptions): Promise<Record<string, string> | null> {
  const { place, version } = await prepare(options)
  if (!(await answers(place))) return null
  return environment(place, version, await chosenCompose(options.compose))
}

/** The place of the shared engine of a suite. */
export function sharedPlace(suite: Suite): Place {
  return placeOf(suite, join(cacheFolder, 'engines', suite))
}

async function prepare(
  options: EngineOptions,
): Promise<{ place: Place; bin: string; version: string; suite: Suite }> {
  await requirePrivileges()
  const utilLinux = { nsenter: 'util-linux', flock: 'util-linux', umount: 'mount' }
  await needTools({ ...utilLinux, ip: 'iproute2', iptables: 'iptables', zstd: 'zstd' })
  const { suite, expected } = chooseSuite(engines, options.engine, 'SAFE_COMPOSE_TEST_ENGINE')
  const { bin, version } = await prepareEngine(suite, expected)
  if (!options.ephemeral) return { place: sharedPlace(suite), bin, version, suite }
  const home = mkdtempSync(join(tmpdir(), 'safe-compose-engine-'))
  return { place: placeOf(`e${randomBytes(4).toString('hex')}`, home), bin, version, suite }
}

function chosenCompose(asked: string | undefined): Promise<ComposeTools> {
  const { suite, expected } = chooseSuite(composes, asked, 'SAFE_COMPOSE_TEST_COMPOSE')
  return prepareCompose(suite, expected)
}

function environment(place: Place, engineVersion: string, compose: ComposeTools): Record<string, string> {
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter(folder => !folder.startsWith(`${cacheFolder}/tools/`))
  return {
    DOCKER_HOST: `unix://${place.socket}`,
    DOCKER_CONFIG: compose.config,
    PATH: [compose.bin, ...path].join(':'),
    SAFE_COMPOSE_TEST_ENGINE: nameOf(engines, engineVersion),
    SAFE_COMPOSE_TEST_COMPOSE: nameOf(composes, compose.version),
  }
}

/** The name by which a version is asked for. */
function nameOf(known: Readonly<Record<string, Suite>>, version: string): string {
  return Object.keys(known).find(name => version === name || version.startsWith(`${name}.`)) ?? 'newest'
}

async function stopEngine(place: Place, ephemeral: boolean, startedHere: boolean): Promise<void> {
  if (ephemeral) {
    await killDaemon(place)
    await stopDaemon(place)
    rmSync(place.home, { recursive: true, force: true })
  } else if (startedHere) await withLock(`engine-${place.name}`, () => stopDaemon(place))
}
