import { spawn } from 'node:child_process'

/** How `sqlite3`, or what stands in for it, is started: options, the file's path and statements on its input follow. */
export interface SqliteProgram {
  readonly program: string
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/** What a database said, or why it cannot be asked. */
export type SqliteAnswer =
  | { readonly lines: readonly string[]; readonly trouble: null }
  | { readonly lines: null; readonly trouble: string }

/** The first column of each row of some statements to a database, in their order. */
export type Ask = (path: string, statements: readonly string[]) => Promise<SqliteAnswer>

/** No settings of the user's: what is printed is read. */
export const options = ['-batch', '-bail', '-noheader', '-list', '-init', '/dev/null'] as const

/** Asks by a program of this machine. Only throws for one that cannot run. */
export function askHere({ program, args, variables }: SqliteProgram, signal: AbortSignal): Ask {
  return (path, statements) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [...args, ...options, path], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...variables, NODE_NO_WARNINGS: '1', LC_ALL: 'C' },
        signal,
      })
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] += text
        })
      child.once('error', reject)
      child.once('close', code => resolve(answerOf({ code, ...said })))
      // One that cannot open its file ends before it has read.
      child.stdin.on('error', () => {})
      child.stdin.end(inputOf(statements))
    })
}

/** A line each, with a semicolon at its end: what stands in for `sqlite3` tells them apart so. */
export function inputOf(statements: readonly string[]): string {
  return statements.map(statement => `${statement};\n`).join('')
}

/** What came of a program that was given statements. */
export function answerOf({
  code,
  stdout,
  stderr,
}: {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}): SqliteAnswer {
  const complaint = stderr.trim()
  return code === 0 && complaint === ''
    ? { lines: stdout.split('\n').slice(0, -1), trouble: null }
    : { lines: null, trouble: plain(complaint) || `sqlite3 ended with ${String(code)}` }
}

/** `Parse error near line 1: database disk image is malformed (11)` */
function plain(complaint: string): string {
  const [line = ''] = complaint.split('\n')
  return line.replace(/^(Runtime error|Parse error|Error)( near line \d+)?: (in prepare, |stepping, )?/, '')
}
