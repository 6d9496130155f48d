import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { emptyImage } from '../../src/adapters/docker/helper-image.ts'
import { agentSignals } from '../../src/core/agents.ts'
import { findEngine } from './engine.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const name = `safe-compose-demo-${randomBytes(3).toString('hex')}`
const orders = 250_000
const children = new Set<ChildProcess>()
const interrupted = new AbortController()

/** Rejects when a signal came, after the command at hand was told as well; what was made is then cleared up. */
const interruption = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      interrupted.abort()
      for (const child of children) child.kill(signal)
      reject(new Error(`interrupted by ${signal}`))
    })
})

/** Deletes a database with `down -v`, brings it back with `undo`, counts before and after, and clears up. */
async function demo(): Promise<void> {
  if (!existsSync(join(root, 'dist/safe-compose.cjs')))
    throw new Error('safe-compose is not built yet; run: npm ci')
  const engine = await findEngine(say)
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-demo-'))
  const shell = shellFor(home, engine.variables)
  const imagesBefore = await shell.ask('docker', ['image', 'ls', '-q', emptyImage])
  try {
    say(`${engine.about}.`)
    say(`A project of its own, ${name}; its backups go to ${join(home, 'store')}.`)
    await Promise.race([tellTheStory(shell), interruption])
  } finally {
    try {
      await clearUp(shell, imagesBefore === '')
    } finally {
      await rm(home, { recursive: true, force: true })
      await engine.stop()
    }
  }
}

async function tellTheStory(shell: Shell): Promise<void> {
  chapter('1. A shop with a database')
  await shell.compose(['up', '-d'])
  await healthy(shell)
  await shell.compose([
    'exec',
    '-T',
    'db',
    'psql',
    '-q',
    '-U',
    'shop',
    '-c',
    `create table orders as select n as id, n % 100 as amount from generate_series(1, ${orders}) as n`,
  ])
  await shell.compose(['exec', '-T', 'cache', 'redis-cli', 'set', 'basket', 'three apples'])
  const before = await count(shell)

  chapter('2. The command that deletes it')
  await shell.compose(['down', '-v'])
  const left = await shell.show('docker', ['volume', 'ls', '--filter', `name=${name}`])
  const volumes = left.split('\n').slice(1)
  if (volumes.length > 0) throw new Error(`the volumes should be gone: ${volumes.join(', ')}`)

  chapter('3. And back')
  await shell.compose(['undo'])
  await healthy(shell)
  const after = await count(shell)

  chapter('The numbers')
  say(`before down -v   ${before}`)
  say('after  down -v   0 volumes')
  say(`after  undo      ${after}`)
  if (before !== after) throw new Error('what came back is not what was there')
  if (!before.startsWith(`${orders} orders`)) throw new Error(`${orders} orders were written`)
  say('')
  say('Everything is back.')
}

/** What is in the databases, in words. */
async function count(shell: Shell): Promise<string> {
  const sql = 'select count(*), sum(amount) from orders'
  const rows = await shell.compose(['exec', '-T', 'db', 'psql', '-U', 'shop', '-tA', '-F', ' ', '-c', sql])
  const basket = await shell.compose(['exec', '-T', 'cache', 'redis-cli', 'get', 'basket'])
  const [number, sum] = rows.split(' ')
  return `${number} orders worth ${sum}, basket: ${basket}`
}

/** Waits until both databases answer. */
async function healthy(shell: Shell): Promise<void> {
  const filters = ['--filter', `label=com.docker.compose.project=${name}`, '--filter', 'health=healthy']
  const deadline = Date.now() + 180_000
  while (Date.now() < deadline && !interrupted.signal.aborted) {
    const ids = await shell.ask('docker', ['ps', '-q', ...filters])
    if (ids.split('\n').filter(Boolean).length === 2) return
    await new Promise(resolve => setTimeout(resolve, 300))
  }
  await shell.compose(['ps'])
  throw new Error('the databases were not ready within 3 minutes')
}

/** Removes whatever carries the project's label or name, however far the story came. */
async function clearUp(shell: Shell, emptyImageIsOurs: boolean): Promise<void> {
  const label = ['--filter', `label=com.docker.compose.project=${name}`]
  const list = async (words: readonly string[]): Promise<readonly string[]> =>
    (await shell.ask('docker', words)).split('\n').filter(Boolean)
  const remove = async (listing: readonly string[], removal: readonly string[]): Promise<void> => {
    const ids = await list(listing)
    if (ids.length > 0) await shell.ask('docker', [...removal, ...ids])
  }
  const removeAll = async (): Promise<void> => {
    await remove(['ps', '-aq', ...label], ['rm', '-fv'])
    for (const volume of await list(['volume', 'ls', '-q', '--filter', `name=${name}`])) {
      await remove(['ps', '-aq', '--filter', `volume=${volume}`], ['rm', '-fv'])
      await shell.ask('docker', ['volume', 'rm', volume])
    }
    await remove(['network', 'ls', '-q', ...label], ['network', 'rm'])
    if (emptyImageIsOurs) await remove(['image', 'ls', '-q', emptyImage], ['image', 'rm'])
  }
  // An interrupted command may still be on its way out, with its hands on what is to be removed.
  const patience = AbortSignal.timeout(30_000)
  await Promise.allSettled([...children].map(child => once(child, 'close', { signal: patience })))
  for (let attempt = 1; ; attempt++) {
    try {
      return await removeAll()
    } catch (error) {
      if (attempt === 5) throw new Error(`${name} could not be cleared up`, { cause: error })
      await new Promise(resolve => setTimeout(resolve, 1000))
    }
  }
}

interface Shell {
  /** Types a `safe-compose` command for this project and shows what it says; gives its stdout. Throws when it fails. */
  readonly compose: (words: readonly string[]) => Promise<string>
  /** Types another command and shows what it says. */
  readonly show: (program: string, words: readonly string[]) => Promise<string>
  /** Runs a command unseen. */
  readonly ask: (program: string, words: readonly string[]) => Promise<string>
}

/** A shell whose commands see this machine's environment, less what would make the demo somebody else's business. */
function shellFor(home: string, engine: Readonly<Record<string, string>>): Shell {
  const agents = new Set(agentSignals.map(signal => signal.variable))
  const kept = Object.entries(process.env).filter(
    ([variable]) => !agents.has(variable) && !/^(SAFE_COMPOSE|COMPOSE_)/.test(variable),
  )
  const variables = {
    ...Object.fromEntries(kept),
    ...engine,
    // The demo neither reads nor changes what the person keeps of safe-compose.
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
  }
  const project = ['-p', name, '-f', 'examples/demo/compose.yaml']
  const ours = ['--safe-store', join(home, 'store'), ...project]
  return {
    compose: words => {
      const typed = lineOf(['safe-compose', ...project, ...words])
      say(`\n$ ${typed}`)
      const program = [process.execPath, join(root, 'bin/safe-compose.js'), ...ours, ...words]
      return run(typed, program, variables, 'shown')
    },
    show: (program, words) => {
      const typed = lineOf([program, ...words])
      say(`\n$ ${typed}`)
      return run(typed, [program, ...words], variables, 'shown')
    },
    ask: (program, words) => run(lineOf([program, ...words]), [program, ...words], variables, 'unseen'),
  }
}

/** Runs a program without a terminal to answer on; what it says is shown as it comes, its stdout is kept too. */
function run(
  typed: string,
  [program = '', ...words]: readonly string[],
  variables: NodeJS.ProcessEnv,
  output: 'shown' | 'unseen',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: root,
      env: variables,
      stdio: ['ignore', 'pipe', output === 'shown' ? 'inherit' : 'pipe'],
    })
    children.add(child)
    let text = ''
    let complaint = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (output === 'shown') process.stdout.write(chunk)
    })
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      children.delete(child)
      if (code === 0) return resolve(text.trim())
      reject(new Error(`\`${typed}\` ended with ${signal ?? code}. ${complaint}`.trim()))
    })
  })
}

/** Words as they would be typed. */
function lineOf(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${inWords(error.cause)}`
}

function chapter(title: string): void {
  say(`\n--- ${title} ---`)
}

function say(line: string): void {
  console.log(line)
}

const started = Date.now()
try {
  await demo()
  say(`What the demo made is gone again. It took ${Math.round((Date.now() - started) / 1000)} s.`)
} catch (error) {
  console.error(`\nThe demo FAILED: ${inWords(error)}`)
  process.exitCode = 1
}
