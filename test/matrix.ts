import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ruleIds } from '../src/core/rules/index.ts'
import { composes, engines } from './engine/versions.ts'
import { nodeProgram, supportedNodes } from './node-program.ts'
import { ruleTable, type ScenarioRun } from './rule-table.ts'
import { lineOf, readLine, type Tally, type VitestReport } from './tally.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const usage = `Usage: npm run test:matrix [-- WORD…]

The end-to-end tests over every Compose on the oldest and the newest engine, then unit and integration tests over
every supported Node. With words: only the rows whose name contains one of them ("compose 1.29", "engine 20", "node").
"rules" stands for rows of its own: the scenarios of the rules alone, over every Compose. At the end there is a table
of what was shown of each rule.
`

/** One way to run the tests. */
interface Row {
  readonly name: string
  readonly projects: readonly string[]
  /** Only these files of them; all of them when there are none. */
  readonly files: readonly string[]
  /** Not these files. */
  readonly without: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** The Node that runs them: a major version, or the one that runs us. */
  readonly node: string | null
}

/** Runs every row one after the other and prints a table; 0 when all of them are well. */
async function main(words: readonly string[]): Promise<number> {
  const chosen = rows().filter(({ name, files }) =>
    words.length === 0 ? files.length === 0 : words.some(word => name.includes(word)),
  )
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
  const runs = results.flatMap(({ row, result }) => scenarioRuns(row, result))
  if (runs.length > 0) console.log(`\n${ruleTable(ruleIds, runs)}`)
  return results.every(({ result }) => result.well) ? 0 : 1
}

function rows(): readonly Row[] {
  const engineNames = Object.keys(engines).filter(name => name !== '26.1')
  return [
    ...Object.keys(composes).flatMap(compose =>
      engineNames.map(engine => ({
        name: `compose ${compose}, engine ${engine}`,
        projects: ['e2e'],
        files: [],
        without: compose.startsWith('1.') && engine !== lastOfV1 ? recreatingFiles : [],
        variables: { SAFE_COMPOSE_TEST_COMPOSE: compose, SAFE_COMPOSE_TEST_ENGINE: engine },
        node: null,
      })),
    ),
    ...Object.keys(composes).map(compose => ({
      name: `rules, compose ${compose}`,
      projects: ['e2e'],
      files: ruleFiles,
      without: [],
      variables: {
        SAFE_COMPOSE_TEST_COMPOSE: compose,
        ...(compose.startsWith('1.') ? { SAFE_COMPOSE_TEST_ENGINE: lastOfV1 } : {}),
      },
      node: null,
    })),
    ...supportedNodes.map(node => ({
      name: `node ${node}`,
      projects: ['unit', 'integration'],
      files: [],
      without: [],
      variables: {},
      node,
    })),
  ]
}

/** The newest engine that version 1 is whole on: from API 1.45 on it cannot recreate a container. */
const lastOfV1 = '20.10'

/** Most of what is in them recreates containers. */
const recreatingFiles = ['test/e2e/layers.e2e.ts', 'test/e2e/orphaned.e2e.ts']

/** Where the scenarios of the rules are. */
const ruleFiles = ['rules', 'orphaned', 'hidden', 'corrupted', 'layers', 'guard'].map(
  name => `test/e2e/${name}.e2e.ts`,
)

function scenarioRuns(row: Row, { report }: Result): readonly ScenarioRun[] {
  const compose = row.variables['SAFE_COMPOSE_TEST_COMPOSE']
  return report === null || compose === undefined ? [] : [{ compose, report }]
}

interface Result {
  readonly well: boolean
  readonly tally: Tally | null
  /** Of the end-to-end tests. */
  readonly report: VitestReport | null
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
    return { well: false, tally: null, report: null, seconds: since(), why: String(error) }
  }
  const reports = await mkdtemp(join(tmpdir(), 'safe-compose-matrix-'))
  try {
    const tally = await runTests(program, row, reports)
    const text = await readFile(join(reports, 'e2e.json'), 'utf8').catch(() => null)
    const report = text === null ? null : (JSON.parse(text) as VitestReport)
    return { well: tally !== null && isWellHere(tally), tally, report, seconds: since(), why: null }
  } finally {
    await rm(reports, { recursive: true, force: true })
  }
}

/** A hazard that this Compose does not have is skipped, which only here is well. */
function isWellHere({ passed, failed }: Tally): boolean {
  return passed > 0 && failed === 0
}

/** Runs `test/run.ts` in a process of its own; its last line is the result, null when there is none. */
function runTests(program: string, row: Row, reports: string): Promise<Tally | null> {
  return new Promise((resolve, reject) => {
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs')
    const words = [...row.projects, '--', ...row.files, ...row.without.flatMap(file => ['--exclude', file])]
    const child = spawn(program, [tsx, join(root, 'test/run.ts'), ...words], {
      cwd: root,
      env: { ...process.env, ...row.variables, SAFE_COMPOSE_TEST_REPORTS: reports },
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
