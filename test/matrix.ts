import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { composes, engines } from './engine/versions.ts'
import { nodeProgram } from './node-program.ts'
import { lineOf, readLine, type Tally } from './tally.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The Node majors that are supported, the oldest first. */
const nodes = ['20', '22', '24', '26']

const usage = `Usage: npm run test:matrix [-- WORD…]

The end-to-end tests over every Compose on the oldest and the newest engine, then unit and integration tests over
every supported Node. With words: only the rows whose name contains one of them ("compose 1.29", "engine 20", "node").
`

/** One way to run the tests. */
interface Row {
  readonly name: string
  readonly projects: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** The Node that runs them: a major version, or the one that runs us. */
  readonly node: string | null
}

/** Runs every row one after the other and prints a table; 0 when all of them are well. */
async function main(words: readonly string[]): Promise<number> {
  const chosen = rows().filter(row => words.length === 0 || words.some(word => row.name.includes(word)))
  if (chosen.length === 0) {
    console.error(
      `no row is called so; there are:\n${rows()
        .map(row => `  ${row.name}`)
        .join('\n')}\n\n${usage}`,
    )
    return 2
  }
  const results: { readonly row: Row; readonly result: Result }[] = []
  for (const row of chosen) {
    console.log(`\n==== ${row.name} ====`)
    results.push({ row, result: await runRow(row) })
  }
  const width = Math.max(...results.map(({ row }) => row.name.length))
  console.log('')
  for (const { row, result } of results) console.log(`${row.name.padEnd(width)}  ${inWords(result)}`)
  return results.every(({ result }) => result.well) ? 0 : 1
}

function rows(): readonly Row[] {
  const engineNames = Object.keys(engines).filter(name => name !== '26.1')
  return [
    ...Object.keys(composes).flatMap(compose =>
      engineNames.map(engine => ({
        name: `compose ${compose}, engine ${engine}`,
        projects: ['e2e'],
        variables: { SAFE_COMPOSE_TEST_COMPOSE: compose, SAFE_COMPOSE_TEST_ENGINE: engine },
        node: null,
      })),
    ),
    ...nodes.map(node => ({
      name: `node ${node}`,
      projects: ['unit', 'integration'],
      variables: {},
      node,
    })),
  ]
}

interface Result {
  readonly well: boolean
  readonly tally: Tally | null
  readonly seconds: number
  readonly why: string | null
}

async function runRow(row: Row): Promise<Result> {
  const started = Date.now()
  const since = (): number => Math.round((Date.now() - started) / 1000)
  let program
  try {
    program = row.node === null ? process.execPath : await nodeProgram(row.node)
  } catch (error) {
    return { well: false, tally: null, seconds: since(), why: String(error) }
  }
  const tally = await runTests(program, row)
  return { well: tally !== null && isWellHere(tally), tally, seconds: since(), why: null }
}

/** A hazard that this Compose does not have is skipped, which only here is well. */
function isWellHere({ passed, failed }: Tally): boolean {
  return passed > 0 && failed === 0
}

/** Runs `test/run.ts` in a process of its own; its last line is the result, null when there is none. */
function runTests(program: string, row: Row): Promise<Tally | null> {
  return new Promise((resolve, reject) => {
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs')
    const child = spawn(program, [tsx, join(root, 'test/run.ts'), ...row.projects], {
      cwd: root,
      env: { ...process.env, ...row.variables },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let last: Tally | null = null
    createInterface({ input: child.stdout }).on('line', line => {
      console.log(line)
      last = readLine(line) ?? last
    })
    child.on('error', reject)
    child.on('close', () => resolve(last))
  })
}

function inWords({ well, tally, seconds, why }: Result): string {
  const counts = tally === null ? (why ?? 'ended without a result') : lineOf(tally)
  return `${well ? 'well  ' : 'FAILED'}  ${counts}  (${Math.floor(seconds / 60)} min ${seconds % 60} s)`
}

process.exitCode = await main(process.argv.slice(2))
