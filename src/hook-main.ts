import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { readText } from './adapters/host/files.ts'
import { openShellReader } from './adapters/shell/read-shell.ts'
import { hook } from './commands/hook.ts'
import { Stop } from './model/failure.ts'
import { hookReason } from './ui/hook.ts'

/**
 * What a coding agent asks before every command that it runs: it looks at nothing but the line, and loads nothing of the
 * application. Gives the exit code. Throws `bad-usage` at once, before anything is read, when a person has typed it wrongly.
 *
 * @param words those after `hook`
 */
export async function hookHere(words: readonly string[]): Promise<number> {
  const answer = await hook(words, {
    readInput,
    openReader: openShellReader,
    readText,
    home: homedir(),
    directory: process.cwd(),
    inWords: hookReason,
  })
  process.stdout.write(answer.stdout)
  process.stderr.write(answer.stderr)
  return answer.code
}

async function readInput(): Promise<string> {
  if (isatty(0))
    throw new Stop({
      reason: 'bad-usage',
      what: 'hook is for coding agents, which give it a JSON on standard input',
      how: 'safe-compose install agent NAME places it',
    })
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}
