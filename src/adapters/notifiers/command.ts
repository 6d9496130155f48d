import { spawn } from 'node:child_process'
import type { Notice } from '../../model/notice.ts'
import { Undelivered } from './undelivered.ts'

/** What a program ends with that failed only for the moment (EX_TEMPFAIL). */
const failedForNow = 75

/** So much of what it says about a failure is repeated. */
const saidAtMost = 200

/** So long may a variable be: systems refuse to start a program with a much longer one. All of it is in the JSON. */
const variableAtMost = 30_000

/** Milliseconds between asking a program to end and ending it. */
const grace = 2000

/**
 * Runs a program of the user's with the notice as JSON on its standard input and as variables beside ours. Throws
 * `Undelivered` when it cannot be started, ends with another code than 0, or takes longer than `limit` milliseconds.
 */
export async function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  notice: Notice,
  variables: Readonly<Record<string, string>>,
  limit: number,
): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...variables, ...noticeVariables(notice) },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2000)
  })
  // A program may end without having read anything.
  child.stdin.on('error', () => {})
  child.stdin.end(`${JSON.stringify({ format: 1, ...notice })}\n`)
  let isLate = false
  const timers = [
    setTimeout(() => {
      isLate = true
      child.kill('SIGTERM')
    }, limit),
    setTimeout(() => child.kill('SIGKILL'), limit + grace),
  ]
  try {
    const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
      (resolve, reject) => {
        child.on('error', reject)
        // Not `close`: what it may have left running holds its outputs open.
        child.on('exit', (exitCode, endedBy) =>
          setImmediate(() => resolve({ code: exitCode, signal: endedBy })),
        )
      },
    ).catch((error: NodeJS.ErrnoException) => {
      throw new Undelivered(`it cannot be started (${error.code ?? error.message})`, { transient: false })
    })
    if (isLate) throw new Undelivered(`it did not end within ${limit / 1000} s`, { transient: false })
    if (code === 0) return
    const end = code === null ? `it was ended by ${signal ?? 'a signal'}` : `it ended with ${code}`
    const last = said.trim().split('\n').at(-1)?.slice(0, saidAtMost) ?? ''
    throw new Undelivered(last === '' ? end : `${end}: ${last}`, { transient: code === failedForNow })
  } finally {
    for (const timer of timers) clearTimeout(timer)
    child.stderr.destroy()
  }
}

function noticeVariables(notice: Notice): Readonly<Record<string, string>> {
  const { kind, job, project, host, at, summary, details, restorePoint } = notice
  const values = {
    KIND: kind,
    JOB: job,
    PROJECT: project ?? '',
    HOST: host,
    AT: at,
    SUMMARY: summary,
    DETAILS: details.join('\n').slice(0, variableAtMost),
    RESTORE_POINT: restorePoint ?? '',
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`SAFE_COMPOSE_NOTICE_${name}`, value]),
  )
}
