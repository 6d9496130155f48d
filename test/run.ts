import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { add, isWell, lineOf, nothing, tallyOf, type Tally, type VitestReport } from './tally.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (path: string): string => join(root, 'node_modules', path)

/** What is checked besides the tests, each as `npm run` has it. The bundle comes first: the tests run it. */
const checks: readonly { readonly name: string; readonly program: readonly string[] }[] = [
  { name: 'bundle', program: ['.build/bundle.js'] },
  { name: 'types', program: [bin('typescript/bin/tsc'), '--noEmit'] },
  { name: 'lint', program: [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'format', program: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  { name: 'unused code', program: [bin('knip/bin/knip.js'), '--no-progress'] },
]

const projects = ['unit', 'integration', 'e2e', 'long'] as const
type Project = (typeof projects)[number]

const usage = `Usage: tsx test/run.ts [PROJECT… [-- FILE…]]

Without a project: every check (${checks.map(check => check.name).join(', ')}), then the tests of unit, integration
and e2e. With projects (${projects.join(', ')}): the bundle, then their tests only; of these, files whose path
contains one of the words after --.
`

/** Where the report of each project is left, for whoever makes a table of several runs; nowhere without it. */
const reportFolder = process.env['SAFE_COMPOSE_TEST_REPORTS'] ?? ''

/** Runs checks and tests one after the other, adds them up, and prints the sum as the last line. */
async function main(typed: readonly string[]): Promise<number> {
  const end = typed.includes('--') ? typed.indexOf('--') : typed.length
  const [words, files] = [typed.slice(0, end), typed.slice(end + 1)]
  const unknown = words.filter(word => !isProject(word))
  if (unknown.length > 0) {
    console.error(`no such project: ${unknown.join(', ')}\n\n${usage}`)
    return 2
  }
  const chosen = words.filter(isProject)
  let sum = nothing
  for (const check of chosen.length > 0 ? checks.slice(0, 1) : checks) {
    const passed = await runCheck(check.name, check.program)
    sum = add(sum, passed ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 })
  }
  for (const project of chosen.length > 0 ? chosen : projects.filter(name => name !== 'long'))
    sum = add(sum, await runTests(project, files))
  console.log(`\n${lineOf(sum)}`)
  return isWell(sum) ? 0 : 1
}

function isProject(word: string): word is Project {
  return (projects as readonly string[]).includes(word)
}

async function runCheck(name: string, program: readonly string[]): Promise<boolean> {
  const started = Date.now()
  const { code, output } = await run(program, 'captured')
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok' : 'FAILED'}  ${name}  (${seconds} s)`)
  if (code !== 0) console.log(output.trimEnd())
  return code === 0
}

async function runTests(project: Project, files: readonly string[]): Promise<Tally> {
  console.log(`\n== ${project} tests ==`)
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-tests-'))
  try {
    const file = join(reportFolder === '' ? folder : reportFolder, `${project}.json`)
    const vitest = [bin('vitest/vitest.mjs'), 'run', '--no-color', '--config', 'test/vitest.config.ts']
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { code } = await run([...vitest, '--project', project, ...reporters, ...files], 'shown')
    return tallyOf(await readReport(file), code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readReport(file: string): Promise<VitestReport | null> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch {
    // vitest has told why by itself; without a report the run counts as failed.
    return null
  }
  return JSON.parse(text) as VitestReport
}

/** Runs a Node program of the project with the Node that runs this file; without a terminal, so without colours. */
function run(
  program: readonly string[],
  output: 'captured' | 'shown',
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program], {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    const take = (chunk: string): void => {
      if (output === 'shown') process.stdout.write(chunk)
      else text += chunk
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, output: text }))
  })
}

process.exitCode = await main(process.argv.slice(2))
