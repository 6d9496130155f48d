import { execFile } from 'node:child_process'
import { Stop } from '../../model/failure.ts'

export interface Ended {
  /** Null where the program is not there. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Milliseconds. A manager that does not answer is not waited for. */
const limit = 30_000

/** Runs a program to its end, in the C locale: what it says is read. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly variables: Readonly<Record<string, string>>; readonly encoding?: 'utf8' | 'latin1' },
): Promise<Ended> {
  const { variables, encoding = 'utf8' } = options
  const env = { ...variables, LC_ALL: 'C', LANGUAGE: 'C' }
  return new Promise(resolve => {
    const child = execFile(program, args, { env, encoding, timeout: limit }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      const isMissing = code === 'ENOENT' || code === 'EACCES'
      resolve({ code: isMissing ? null : typeof code === 'number' ? code : 1, stdout, stderr })
    })
    // A program that is not there has none.
    child.stdin?.on('error', () => {})
    child.stdin?.end()
  })
}

/** What a program that failed said, as a failure of ours. */
export function programFailed(line: string, { code, stderr, stdout }: Ended, how: string): Stop {
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.slice(0, 300) ?? ''
  const why = code === null ? 'it is not there' : said === '' ? `it ended with ${code}` : said
  return new Stop({ reason: 'not-possible', what: `${line} failed: ${why}`, how })
}
