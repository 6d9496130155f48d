import { describe, expect, test } from 'vitest'
import { answerOf, answerToNonsense, readCall } from '../../../src/core/hook/protocols.ts'

/** As each agent writes it. */
const inputs = {
  claude: {
    session_id: 'a',
    transcript_path: '/t.jsonl',
    cwd: '/srv/shop',
    permission_mode: 'default',
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command: 'ls', description: 'List' },
    tool_use_id: 'b',
  },
  codex: {
    session_id: 'a',
    turn_id: 'b',
    cwd: '/srv/shop',
    hook_event_name: 'PreToolUse',
    model: 'm',
    permission_mode: 'default',
    tool_name: 'Bash',
    tool_input: { command: 'ls' },
    transcript_path: null,
  },
  cursor: {
    conversation_id: 'a',
    generation_id: 'b',
    hook_event_name: 'beforeShellExecution',
    cursor_version: '2.0',
    workspace_roots: ['/srv/shop'],
    command: 'ls',
    cwd: '/srv/shop',
  },
  gemini: {
    session_id: 'a',
    transcript_path: '/t',
    cwd: '/srv/shop',
    hook_event_name: 'BeforeTool',
    timestamp: '2026-01-01T00:00:00Z',
    tool_name: 'run_shell_command',
    tool_input: { command: 'ls' },
  },
  copilot: { timestamp: 1, cwd: '/srv/shop', toolName: 'bash', toolArgs: '{"command":"ls"}' },
  windsurf: {
    agent_action_name: 'pre_run_command',
    trajectory_id: 'a',
    execution_id: 'b',
    timestamp: '2026-01-01T00:00:00Z',
    tool_info: { command_line: 'ls', cwd: '/srv/shop' },
  },
  cline: {
    clineVersion: '3',
    hookName: 'PreToolUse',
    timestamp: '1',
    taskId: 'a',
    workspaceRoots: ['/srv/shop'],
    cwd: '/srv/shop',
    preToolUse: { toolName: 'execute_command', parameters: { command: 'ls' } },
  },
  opencode: { tool: 'bash', args: { command: 'ls' }, cwd: '/srv/shop' },
} as const

const agents = Object.keys(inputs) as (keyof typeof inputs)[]

describe('what an agent is about to do', () => {
  test.each(agents)('%s is told by its shape alone', agent => {
    expect(readCall(inputs[agent], null)).toEqual({ agent, command: 'ls', directory: '/srv/shop' })
  })

  test('the shape counts more than the name, which only tells Codex from Claude Code', () => {
    expect(readCall(inputs.cursor, 'claude')?.agent).toBe('cursor')
    expect(readCall(inputs.claude, 'codex')?.agent).toBe('codex')
    expect(readCall(inputs.claude, 'gemini')?.agent).toBe('claude')
  })

  test('a tool that runs no command is none of our business', () => {
    const edit = {
      ...inputs.claude,
      tool_name: 'Write',
      tool_input: { file_path: 'a.sh', content: 'docker compose down -v' },
    }
    expect(readCall(edit, null)?.command).toBe(null)
    expect(readCall({ ...inputs.copilot, toolArgs: 'no JSON' }, null)?.command).toBe(null)
  })

  test('words that no shell reads are taken as they are', () => {
    const input = { ...inputs.codex, tool_input: { command: ['bash', '-lc', 'ls'], workdir: '/srv' } }
    expect(readCall(input, null)).toEqual({
      agent: 'codex',
      command: ['bash', '-lc', 'ls'],
      directory: '/srv',
    })
  })

  test.each([null, 1, 'x', [], {}, { hook_event_name: 'Stop' }])('%j is from no agent', input => {
    expect(readCall(input, null)).toBe(null)
  })
})

describe('answers', () => {
  const deny = { decision: 'deny', reason: 'why' } as const
  const ask = { decision: 'ask', reason: 'why' } as const
  const allow = { decision: 'allow', reason: '' } as const
  const said = (agent: keyof typeof inputs, verdict: Parameters<typeof answerOf>[1]): unknown => {
    const { stdout, code, stderr } = answerOf(agent, verdict)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  test('a refusal, in each protocol', () => {
    const like = (permissionDecision: string): unknown => ({
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision,
        permissionDecisionReason: 'why',
      },
    })
    expect(said('claude', deny)).toEqual(like('deny'))
    expect(said('codex', deny)).toEqual(like('deny'))
    expect(said('cursor', deny)).toEqual({ permission: 'deny', user_message: 'why', agent_message: 'why' })
    expect(said('gemini', deny)).toEqual({ decision: 'deny', reason: 'why' })
    expect(said('copilot', deny)).toEqual({ permissionDecision: 'deny', permissionDecisionReason: 'why' })
    expect(said('cline', deny)).toEqual({ cancel: true, errorMessage: 'why' })
    for (const agent of ['windsurf', 'opencode'] as const)
      expect(answerOf(agent, deny)).toEqual({ stdout: '', stderr: 'why\n', code: 2 })
  })

  test('a question only where the agent asks its user; never to Codex, which would go on', () => {
    expect(said('claude', ask)).toMatchObject({ hookSpecificOutput: { permissionDecision: 'ask' } })
    expect(said('cursor', ask)).toMatchObject({ permission: 'ask' })
    for (const agent of agents.filter(each => each !== 'claude' && each !== 'cursor'))
      expect(answerOf(agent, ask), agent).toEqual(answerOf(agent, deny))
  })

  test('what is allowed is left to the agent', () => {
    for (const agent of ['claude', 'codex', 'gemini', 'copilot', 'windsurf', 'opencode'] as const)
      expect(answerOf(agent, allow), agent).toEqual({ stdout: '', stderr: '', code: 0 })
    expect(said('cursor', allow)).toEqual({ permission: 'allow' })
    expect(said('cline', allow)).toEqual({ cancel: false })
  })

  test('nonsense stops the line with every agent', () => {
    for (const agent of [null, ...agents]) {
      const answer = answerToNonsense(agent, 'why')
      expect(answer.code).toBe(2)
      expect(answer.stderr).toBe('why\n')
    }
    expect(JSON.parse(answerToNonsense('copilot', 'why').stdout)).toMatchObject({
      permissionDecision: 'deny',
    })
  })
})
