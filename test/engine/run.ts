import { spawn } from 'node:child_process'

/** What a finished command has left. */
export type Finished = { code: number; stdout: string; stderr: string }

type RunOptions = {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** The command is killed after this time and counts as failed. */
  timeoutMs?: number
}

/** Runs a command to its end and returns its output; anything but exit code 0 is an error that quotes stderr. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const finished = await attempt(command, args, options)
  if (finished.code === 0) return finished.stdout
  const said = (finished.stderr.trim() || finished.stdout.trim()).split('\n').slice(-15).join('\n')
  throw new Error(`${[command, ...args].join(' ')} failed (exit code ${finished.code}):\n${said}`)
}

/** Runs a command to its end and returns its exit code and output; a command that cannot start has code 127. */
export function attempt(command: string, args: string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise(resolve => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    const timer = setTimeout(
      () => {
        stderr += `\nstopped after ${options.timeoutMs} ms`
        child.kill('SIGKILL')
      },
      options.timeoutMs ?? 2 ** 31 - 1,
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', error => {
      clearTimeout(timer)
      resolve({ code: 127, stdout, stderr: error.message })
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr })
    })
  })
}

/** Runs a bash pipeline; it fails when any part of it fails. Values go in as `$1`, `$2`, …, never into the text. */
export function pipeline(script: string, values: string[], options: RunOptions = {}): Promise<string> {
  return run('bash', ['-o', 'pipefail', '-c', script, 'pipeline', ...values], options)
}

/** Waits until `check` holds, looking every 50 ms; false when the time is over. */
export async function until(check: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  while (!(await check())) {
    if (Date.now() > end) return false
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return true
}
