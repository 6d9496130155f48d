import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpackPackages, type Suite } from './apt.ts'
import { cacheFolder, once } from './cache.ts'
import { run } from './run.ts'

/** Programs of an engine, in one folder that stands first in its PATH. */
export type EngineTools = { bin: string; version: string }

/** One Compose with the docker CLI that runs it. */
export type ComposeTools = {
  version: string
  /** Folder with `docker` and `docker-compose`. */
  bin: string
  /** DOCKER_CONFIG whose only plugin is this Compose. */
  config: string
  docker: string
  plugin: string | null
  standalone: string
  command: string[]
}

/**
 * Fetches the engine of a suite.
 *
 * runc and init are bookworm's for all of them: they run on every Debian since then, newer ones need a newer libc.
 */
export async function prepareEngine(suite: Suite, expected: string | null): Promise<EngineTools> {
  const own = await unpackPackages(
    suite,
    ['docker.io', 'containerd'],
    join(cacheFolder, 'packages', `engine-${suite}`),
  )
  const runtime = await unpackPackages('bookworm', ['runc', 'tini'], join(cacheFolder, 'packages', 'runtime'))
  const bin = await once(join(cacheFolder, 'tools', `engine-${suite}`), async unfinished => {
    mkdirSync(unfinished, { recursive: true })
    const programs = {
      dockerd: join(own, 'usr/sbin/dockerd'),
      'docker-proxy': join(own, 'usr/sbin/docker-proxy'),
      containerd: join(own, 'usr/bin/containerd'),
      'containerd-shim-runc-v2': join(own, 'usr/bin/containerd-shim-runc-v2'),
      runc: join(runtime, 'usr/sbin/runc'),
      'docker-init': join(runtime, 'usr/bin/tini-static'),
    }
    for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(unfinished, name))
    const said = await run(programs.dockerd, ['--version'])
    writeFileSync(join(unfinished, 'version'), /version ([0-9.]+)/.exec(said)?.[1] ?? said.trim())
  })
  return {
    bin,
    version: expectVersion('Docker Engine', suite, readFileSync(join(bin, 'version'), 'utf8'), expected),
  }
}

/** Fetches the Compose of a suite, and the newest docker CLI. */
export async function prepareCompose(suite: Suite, expected: string | null): Promise<ComposeTools> {
  const docker = await prepareCli('sid')
  const plugin = suite === 'bookworm' ? null : await fetchPlugin(suite)
  const program = plugin ?? (await fetchPythonCompose())
  const folder = await once(join(cacheFolder, 'tools', `compose-${suite}`), async unfinished => {
    mkdirSync(join(unfinished, 'bin'), { recursive: true })
    mkdirSync(join(unfinished, 'config/cli-plugins'), { recursive: true })
    symlinkSync(docker, join(unfinished, 'bin/docker'))
    symlinkSync(program, join(unfinished, 'bin/docker-compose'))
    writeFileSync(join(unfinished, 'config/config.json'), '{}\n')
    if (plugin) symlinkSync(plugin, join(unfinished, 'config/cli-plugins/docker-compose'))
    const said = await run(program, ['version', '--short'])
    writeFileSync(join(unfinished, 'version'), /[0-9]+\.[0-9]+\.[0-9]+/.exec(said)?.[0] ?? said.trim())
  })
  const found = readFileSync(join(folder, 'version'), 'utf8')
  return {
    version: expectVersion('Compose', suite, found, expected),
    bin: join(folder, 'bin'),
    config: join(folder, 'config'),
    docker: join(folder, 'bin/docker'),
    plugin: plugin && join(folder, 'config/cli-plugins/docker-compose'),
    standalone: join(folder, 'bin/docker-compose'),
    command: plugin ? ['docker', 'compose'] : ['docker-compose'],
  }
}

/** The docker CLI of a suite, for what depends on how it calls its plugins; path of the program. */
export async function prepareCli(suite: Suite): Promise<string> {
  const [folder, packages] = {
    sid: ['docker-cli', ['docker-cli']],
    trixie: ['docker-cli-trixie', ['docker-cli']],
    // There the CLI is in the engine's own package.
    bookworm: ['engine-bookworm', ['docker.io', 'containerd']],
    bullseye: ['engine-bullseye', ['docker.io', 'containerd']],
  }[suite] as [string, string[]]
  return join(await unpackPackages(suite, packages, join(cacheFolder, 'packages', folder)), 'usr/bin/docker')
}

async function fetchPlugin(suite: Suite): Promise<string> {
  const folder = join(cacheFolder, 'packages', `compose-${suite}`)
  return join(
    await unpackPackages(suite, ['docker-compose'], folder),
    'usr/libexec/docker/cli-plugins/docker-compose',
  )
}

/** Compose v1 with a Python of its own, for the one it was packaged for is not on every machine. */
async function fetchPythonCompose(): Promise<string> {
  const modules = [
    'attr cached-property certifi chardet charset-normalizer distro distutils docker dockerpty docopt dotenv idna',
    'jsonschema lib2to3 pkg-resources pyrsistent requests six texttable urllib3 websocket yaml',
  ]
  const python = 'python3.11-minimal libpython3.11-minimal libpython3.11-stdlib'
  const sharedObjects = 'libssl3 libffi8 libexpat1 zlib1g libyaml-0-2 libbz2-1.0 liblzma5 libsqlite3-0'
  const packages = [
    'docker-compose',
    ...words(modules.join(' ')).map(name => `python3-${name}`),
    ...words(python),
    ...words(sharedObjects),
  ]
  const folder = await unpackPackages('bookworm', packages, join(cacheFolder, 'packages', 'compose-bookworm'))
  const launcher = await once(join(cacheFolder, 'tools', 'compose-python'), async unfinished => {
    writeFileSync(unfinished, pythonLauncher(folder))
    chmodSync(unfinished, 0o755)
    await run(
      join(folder, 'usr/bin/python3.11'),
      ['-m', 'compileall', '-q', join(folder, 'usr/lib/python3')],
      {
        env: { ...process.env, LD_LIBRARY_PATH: libraries(folder) },
      },
    )
  })
  return launcher
}

/** The libraries are named in the environment only until Python runs: what Compose starts must not see them. */
function pythonLauncher(folder: string): string {
  return `#!/bin/sh
SAFE_COMPOSE_TEST_LIBRARIES="\${LD_LIBRARY_PATH-}" LD_LIBRARY_PATH="$(echo ${quoted(folder)}/usr/lib/*-linux-gnu):$(echo ${quoted(folder)}/lib/*-linux-gnu)" \\
exec ${quoted(join(folder, 'usr/bin/python3.11'))} -c '
import os, sys
before = os.environ.pop("SAFE_COMPOSE_TEST_LIBRARIES")
if before:
    os.environ["LD_LIBRARY_PATH"] = before
else:
    del os.environ["LD_LIBRARY_PATH"]
sys.path[0] = sys.argv.pop(1)
sys.argv[0] = "docker-compose"
from compose.cli.main import main
sys.exit(main())
' ${quoted(join(folder, 'usr/lib/python3/dist-packages'))} "$@"
`
}

function words(text: string): string[] {
  return text.split(' ')
}

function libraries(folder: string): string {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return [join(folder, 'usr/lib', triplet), join(folder, 'lib', triplet)].join(':')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function expectVersion(what: string, suite: Suite, found: string, expected: string | null): string {
  if (!expected || found === expected || found.startsWith(`${expected}.`)) return found
  throw new Error(`${what} ${expected} was asked for, but ${suite} has ${found} today; ask for "newest"`)
}
