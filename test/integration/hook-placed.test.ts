import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hookedAgents } from '../../src/core/hook/settings/index.ts'
import type { HookedAgent } from '../../src/core/hook/settings/index.ts'

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))
const ours = `'${process.execPath}' -- '${executable}'`
/** As where it was removed without being taken back. */
const gone = "'/nowhere/safe-compose'"

const inJson = hookedAgents.filter(({ name }) => name !== 'opencode' && name !== 'cline')

function agentCalled(name: string): HookedAgent {
  const agent = hookedAgents.find(each => each.name === name)
  if (agent === undefined) throw new Error(`no agent ${name}`)
  return agent
}

/** The command that the agent reads out of its settings. */
function commandIn(settings: string): string {
  const found = /"(?:command|bash)": ("(?:[^"\\]|\\.)*hook --agent[^"\\]*")/.exec(settings)?.[1]
  return JSON.parse(found ?? '""') as string
}

/** What each agent writes to it. */
function inputOf(name: string, command: string): unknown {
  switch (name) {
    case 'copilot':
      return { toolName: 'bash', toolArgs: JSON.stringify({ command }), cwd: '/' }
    case 'cursor':
      return { hook_event_name: 'beforeShellExecution', cursor_version: '2', command, cwd: '/' }
    case 'gemini':
      return { hook_event_name: 'BeforeTool', tool_name: 'run_shell_command', tool_input: { command } }
    case 'windsurf':
      return { agent_action_name: 'pre_run_command', tool_info: { command_line: command, cwd: '/' } }
    case 'cline':
      return { clineVersion: '3', preToolUse: { toolName: 'execute_command', parameters: { command } } }
    default:
      return { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command }, cwd: '/' }
  }
}

async function asAgent(
  file: string,
  words: readonly string[],
  input: unknown,
): Promise<{ code: number | undefined; stdout: string }> {
  const { exitCode, stdout } = await execa(file, words, { input: JSON.stringify(input), reject: false })
  return { code: exitCode, stdout }
}

async function file(name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-placed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

describe('as the agent runs what was placed in its settings', () => {
  test.each(inJson)('$name', async agent => {
    const command = commandIn(agent.place('{\n  "other": 1\n}\n', ours))
    const run = (line: string): ReturnType<typeof asAgent> =>
      asAgent('sh', ['-c', command], inputOf(agent.name, line))
    const refused = await run('docker volume rm shop_pgdata')
    if (agent.name === 'windsurf') expect(refused.code).toBe(2)
    else {
      expect(refused.code).toBe(0)
      expect(refused.stdout).toMatch(/"(?:permissionDecision|permission|decision)":"deny"/)
    }
    const allowed = await run('docker volume ls')
    expect(allowed.code).toBe(0)
    expect(allowed.stdout).not.toContain('deny')
    const broken = await asAgent('sh', ['-c', commandIn(agent.place(null, gone))], inputOf(agent.name, 'ls'))
    expect(broken.code).toBe(2)
  })

  test('cline', async () => {
    const cancels = async (program: string, line: string): Promise<unknown> => {
      const path = await file('PreToolUse', agentCalled('cline').place(null, program))
      const { code, stdout } = await asAgent(path, [], inputOf('cline', line))
      expect(code).toBe(0)
      return (JSON.parse(stdout) as { cancel: unknown }).cancel
    }
    expect(await cancels(ours, 'docker volume rm shop_pgdata')).toBe(true)
    expect(await cancels(ours, 'docker volume ls')).toBe(false)
    expect(await cancels(gone, 'docker volume ls')).toBe(true)
  })

  test('opencode', async () => {
    type Before = (input: { tool: string }, output: { args: object }) => Promise<void>
    const before = async (program: string): Promise<Before> => {
      const path = await file('safe-compose.mjs', agentCalled('opencode').place(null, program))
      const plugin = (await import(pathToFileURL(path).href)) as {
        SafeCompose: (project: object) => Promise<Record<'tool.execute.before', Before>>
      }
      return (await plugin.SafeCompose({ directory: '/' }))['tool.execute.before']
    }
    const hook = await before(ours)
    const line = (command: string): { args: object } => ({ args: { command } })
    await expect(hook({ tool: 'bash' }, line('docker volume rm x'))).rejects.toThrow('would delete volume x')
    await expect(hook({ tool: 'bash' }, line('docker volume ls'))).resolves.toBeUndefined()
    await expect(hook({ tool: 'edit' }, line('docker volume rm x'))).resolves.toBeUndefined()
    const broken = await before(gone)
    await expect(broken({ tool: 'bash' }, line('ls'))).rejects.toThrow('not found')
  })
})
