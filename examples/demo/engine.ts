import { spawn } from 'node:child_process'
import { startEngine } from '../../test/engine/index.ts'

/** An engine to show something on. */
export interface DemoEngine {
  /** For people: what it is. */
  readonly about: string
  /** To be laid over the environment of every child. */
  readonly variables: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

/** The engine and Compose that are here; else a private engine, which needs Linux and root and goes when we end. */
export async function findEngine(say: (line: string) => void): Promise<DemoEngine> {
  const version = await answer('docker', ['info', '--format', '{{.ServerVersion}}'])
  if (version !== null && (await hasCompose()))
    return {
      about: `Docker Engine ${version}, the one that is here`,
      variables: {},
      stop: () => Promise.resolve(),
    }
  say(
    version === null
      ? 'No Docker Engine answers here, so the demo starts a private one.'
      : 'The Docker Engine here has no Compose, so the demo starts a private one with Compose.',
  )
  say('The first time this takes some minutes: the engine and the images are fetched or built.')
  const engine = await startEngine({ images: ['postgres:15', 'redis:7'] })
  return {
    about: `Docker Engine ${engine.version} with Compose ${engine.compose.version}, private`,
    variables: engine.env,
    stop: () => engine.stop(),
  }
}

async function hasCompose(): Promise<boolean> {
  const [plugin, program] = await Promise.all([
    answer('docker', ['compose', 'version']),
    answer('docker-compose', ['version']),
  ])
  return plugin !== null || program !== null
}

/** What a program prints on stdout; null when it fails, is not there, or says nothing within a few seconds. */
function answer(program: string, words: readonly string[]): Promise<string | null> {
  return new Promise(resolve => {
    const child = spawn(program, [...words], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 8000 })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.on('error', () => resolve(null))
    child.on('close', code => resolve(code === 0 && text.trim() !== '' ? text.trim() : null))
  })
}
