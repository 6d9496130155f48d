import { openShellReader } from '../../../src/adapters/shell/read-shell.ts'
import { hook } from '../../../src/commands/hook.ts'
import { hookReason } from '../../../src/ui/hook.ts'
import { spellings } from './corpus.ts'
import { otherGuards } from './other-guards.ts'

export interface Measured {
  readonly name: string
  /** Of the dangerous lines, those that it would let run. */
  readonly missed: readonly string[]
  /** Of the harmless lines, those that it would stop. */
  readonly stopped: readonly string[]
}

/** Our hook and the others over the whole corpus. */
export async function measure(): Promise<readonly Measured[]> {
  const ours = await openJudge()
  const all = [
    { name: '**`safe-compose hook`**', stops: ours },
    ...otherGuards.map(({ name, stops }) => ({ name, stops: async (line: string) => stops(line) })),
  ]
  return Promise.all(
    all.map(async ({ name, stops }) => ({
      name,
      missed: await only(spellings('dangerous'), async line => !(await stops(line))),
      stopped: await only(spellings('harmless'), stops),
    })),
  )
}

/** Whether our hook, as Claude Code calls it, would say anything but yes. */
export async function openJudge(): Promise<(command: string) => Promise<boolean>> {
  const read = await openShellReader()
  return async command => {
    const input = {
      hook_event_name: 'PreToolUse',
      tool_name: 'Bash',
      tool_input: { command },
      cwd: '/srv/shop',
    }
    const { code, stdout } = await hook(['--agent', 'claude'], {
      readInput: async () => JSON.stringify(input),
      openReader: async () => read,
      readText: async path => (path === '/srv/shop/a.yml' ? 'services: {}\nvolumes:\n  pgdata:\n' : null),
      home: '/home/you',
      directory: '/srv/shop',
      inWords: hookReason,
    })
    if (code !== 0) throw new Error(`the hook ended with ${code}`)
    return stdout !== ''
  }
}

async function only(
  lines: readonly string[],
  wanted: (line: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const line of lines) if (await wanted(line)) found.push(line)
  return found
}
