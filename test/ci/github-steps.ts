import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filled, isMet } from './expressions.ts'
import type { Contexts, StepState } from './expressions.ts'

/** A step of a workflow's job or of a composite action. */
export interface Step {
  readonly name?: string
  readonly id?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly 'working-directory'?: string
}

export interface StepRun {
  readonly name: string
  readonly outcome: 'success' | 'failure' | 'skipped'
  /** Both streams, as the log has them. */
  readonly log: string
  readonly summary: string
  readonly outputs: Readonly<Record<string, string>>
}

/**
 * Runs the shell steps of a job in order, each in a bash of its own as the runner starts it, with its variables, its
 * condition and its files for outputs and summary. Steps that use another action count as done.
 */
export async function runSteps(
  steps: readonly Step[],
  options: {
    readonly directory: string
    /** Of the job: the machine's, and those that the job sets. */
    readonly variables: Readonly<Record<string, string>>
    readonly contexts: Contexts
    /** By name: what is done by other means here. */
    readonly without: readonly string[]
  },
): Promise<readonly StepRun[]> {
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-steps-'))
  const runs: StepRun[] = []
  const known: Record<string, { outcome: string; outputs: object }> = {}
  try {
    for (const [index, step] of steps.entries()) {
      const state = { succeeded: runs.every(({ outcome }) => outcome !== 'failure') }
      const contexts = { ...options.contexts, env: options.variables, steps: known }
      const run = await runStep(step, index, { ...options, contexts, state, home })
      runs.push(run)
      if (step.id !== undefined) known[step.id] = run
    }
    return runs
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function runStep(
  step: Step,
  index: number,
  from: Parameters<typeof runSteps>[1] & { readonly state: StepState; readonly home: string },
): Promise<StepRun> {
  const { contexts, state } = from
  const name = step.name ?? step.uses ?? `step ${index + 1}`
  const nothing = { name, log: '', summary: '', outputs: {} }
  if (!isMet(step.if, contexts, state)) return { ...nothing, outcome: 'skipped' }
  if (step.run === undefined || from.without.includes(name)) return { ...nothing, outcome: 'success' }

  const file = (what: string): string => join(from.home, `${index}-${what}`)
  const [script, output, summary] = [file('script'), file('output'), file('summary')]
  await Promise.all([
    writeFile(script, filled(step.run, contexts, state)),
    writeFile(output, ''),
    writeFile(summary, ''),
  ])
  const own = Object.entries(step.env ?? {}).map(([key, text]) => [key, filled(text, contexts, state)])
  const { code, log } = await runBash(step.shell, script, {
    directory: join(from.directory, filled(step['working-directory'] ?? '.', contexts, state)),
    variables: {
      ...from.variables,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...(Object.fromEntries(own) as Record<string, string>),
    },
  })
  return {
    name,
    outcome: code === 0 ? 'success' : 'failure',
    log,
    summary: await readFile(summary, 'utf8'),
    outputs: readOutputs(await readFile(output, 'utf8')),
  }
}

/** The words with which the runner starts a bash: others where the step names its shell. */
function runBash(
  shell: string | undefined,
  script: string,
  run: { readonly directory: string; readonly variables: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly log: string }> {
  const words = shell === undefined ? ['-e', script] : ['--noprofile', '--norc', '-eo', 'pipefail', script]
  return bash(words, run)
}

/** Runs bash to its end; both streams go into one log. */
export function bash(
  words: readonly string[],
  run: { readonly directory: string; readonly variables: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [...words], {
      cwd: run.directory,
      env: run.variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? 1, log }))
  })
}

function readOutputs(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter(line => line.includes('='))
  return Object.fromEntries(lines.map(line => line.split(/=(.*)/s, 2) as [string, string]))
}
