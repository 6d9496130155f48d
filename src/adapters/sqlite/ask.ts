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

/** The first column of each row of some statements, in their order. Never throws but for a program that cannot run. */
export function askSqlite(
  { program, args, variables }: SqliteProgram,
  path: string,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<SqliteAnswer> {
  // No settings of the user's: what is printed is read.
  const options = ['-batch', '-bail', '-noheader', '-list', '-init', '/dev/null']
  return new Promise((resolve, reject) => {
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
    child.once('close', code => {
      const complaint = said.stderr.trim()
      const failed = code !== 0 || complaint !== ''
      if (failed) resolve({ lines: null, trouble: plain(complaint) || `sqlite3 ended with ${String(code)}` })
      else resolve({ lines: said.stdout.split('\n').slice(0, -1), trouble: null })
    })
    // One that cannot open its file ends before it has read.
    child.stdin.on('error', () => {})
    child.stdin.end(statements.map(statement => `${statement};\n`).join(''))
  })
}

/** `Parse error near line 1: database disk image is malformed (11)` */
function plain(complaint: string): string {
  const [line = ''] = complaint.split('\n')
  return line.replace(/^(Runtime error|Parse error|Error)( near line \d+)?: (in prepare, |stepping, )?/, '')
}
