import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheFolder, withLock } from './cache.ts'
import { answers, pidOf, stopDaemon } from './daemon.ts'
import { imageNames } from './images.ts'
import { runningEnvironment, sharedPlace, startEngine, type EngineOptions } from './index.ts'
import { attempt, run } from './run.ts'
import { chooseSuite, composes, engines } from './versions.ts'

const usage = `Usage: npm run engine -- COMMAND [--engine VERSION] [--compose VERSION] [--image NAME…]

  up      start the private engine in the background, with all images (or only those named)
  down    stop it (of --engine, else every one); its data stays in the cache
  status  what runs, what is in the cache
  env     print the lines to use it: eval "$(npm run --silent engine -- env)"

Engines: newest, ${Object.keys(engines).join(', ')}. Compose: newest, ${Object.keys(composes).join(', ')}.
`

/** The command line of the test engine; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      compose: { type: 'string' },
      image: { type: 'string', multiple: true },
    },
  })
  const options: EngineOptions = { engine: values.engine, compose: values.compose }
  switch (positionals.join(' ')) {
    case 'up':
      return up({ ...options, images: values.image ?? imageNames })
    case 'down':
      return down(options)
    case 'status':
      return status()
    case 'env':
      return printEnvironment(options)
    default:
      console.error(usage)
      return 2
  }
}

async function up(options: EngineOptions): Promise<number> {
  const started = Date.now()
  const engine = await startEngine(options)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const how = engine.startedHere ? 'started' : 'was running already'
  console.log(`Docker Engine ${engine.version} ${how}: ${engine.host} (${seconds} s)`)
  console.log(`Compose ${engine.compose.version}: ${engine.compose.command.join(' ')}`)
  return 0
}

async function down(options: EngineOptions): Promise<number> {
  const one = options.engine ?? process.env['SAFE_COMPOSE_TEST_ENGINE']
  const suites = one ? [chooseSuite(engines, one, '--engine').suite] : Object.values(engines)
  for (const suite of suites) {
    const place = sharedPlace(suite)
    const ran = pidOf(place, 'dockerd') !== null
    await withLock(`engine-${place.name}`, () => stopDaemon(place))
    if (ran) console.log(`stopped the engine of ${suite}`)
  }
  return 0
}

async function status(): Promise<number> {
  for (const [version, suite] of Object.entries(engines)) {
    const place = sharedPlace(suite)
    if (!(await answers(place))) {
      console.log(`engine ${version} (${suite}): ${existsSync(place.home) ? 'stopped' : 'never started'}`)
      continue
    }
    const host = `unix://${place.socket}`
    const docker = join(cacheFolder, 'packages/docker-cli/usr/bin/docker')
    const found = await attempt(docker, ['--host', host, 'version', '--format', '{{.Server.Version}}'])
    console.log(
      `engine ${version} (${suite}): ${found.stdout.trim()} runs, pid ${pidOf(place, 'dockerd')}, ${host}`,
    )
    const images = await run(docker, [
      '--host',
      host,
      'image',
      'ls',
      '--format',
      '{{.Repository}}:{{.Tag}}\t{{.Size}}',
    ])
    for (const line of images
      .trim()
      .split('\n')
      .filter(line => !line.startsWith('<none>')))
      console.log(`  ${line}`)
  }
  for (const [version, suite] of Object.entries(composes)) {
    const file = join(cacheFolder, 'tools', `compose-${suite}`, 'version')
    const state = existsSync(file) ? `${readFileSync(file, 'utf8')} in the cache` : 'not fetched yet'
    console.log(`compose ${version} (${suite}): ${state}`)
  }
  const images = join(cacheFolder, 'images')
  console.log(`image files: ${existsSync(images) ? readdirSync(images).join(', ') : 'none'}`)
  const size = await attempt('du', ['-sh', cacheFolder])
  console.log(`cache: ${size.stdout.trim().replace('\t', '  ') || cacheFolder}`)
  return 0
}

async function printEnvironment(options: EngineOptions): Promise<number> {
  const env = await runningEnvironment(options)
  if (!env) {
    console.error('the engine does not run; start it with: npm run engine -- up')
    return 1
  }
  for (const [name, value] of Object.entries(env))
    console.log(`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`)
  return 0
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  },
)
