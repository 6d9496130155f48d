import { isRecord } from './record.ts'

/** The agents whose protocols we speak. */
export const agentNames = [
  'claude',
  'codex',
  'copilot',
  'cursor',
  'gemini',
  'opencode',
  'windsurf',
  'cline',
] as const

export type AgentName = (typeof agentNames)[number]

/** What an agent is about to do. */
export interface HookCall {
  readonly agent: AgentName
  /** A line for a shell, or words that no shell reads; null for a tool that runs no command. */
  readonly command: string | readonly string[] | null
  readonly directory: string | null
}

export interface Verdict {
  readonly decision: 'allow' | 'ask' | 'deny'
  /** For the agent; empty where it is allowed. */
  readonly reason: string
}

/** What the hook writes and ends with. */
export interface HookAnswer {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/**
 * Reads the JSON that an agent gives to its hook. The shape counts more than the name: an agent may run hooks that were
 * placed for another one, in its own way. Null when no known agent would write it.
 *
 * @param named the agent that the hook was placed for; null where it does not say
 */
export function readCall(input: unknown, named: AgentName | null): HookCall | null {
  if (!isRecord(input)) return null
  const agent = agentOf(input) ?? named
  if (agent === null) return null
  const isShared = agent === 'claude' && (named === 'codex' || isCodex(input))
  const asked = commandIn(input)
  return { agent: isShared ? 'codex' : agent, ...asked }
}

function agentOf(input: Readonly<Record<string, unknown>>): AgentName | null {
  const event = input['hook_event_name']
  if ('cursor_version' in input || event === 'beforeShellExecution') return 'cursor'
  if (event === 'BeforeTool') return 'gemini'
  if ('agent_action_name' in input) return 'windsurf'
  if ('clineVersion' in input || isRecord(input['preToolUse'])) return 'cline'
  if ('toolName' in input) return 'copilot'
  if (event === 'PreToolUse') return 'claude'
  return typeof input['tool'] === 'string' && isRecord(input['args']) ? 'opencode' : null
}

/** Its hooks have the shape of Claude Code's; it names the model and the turn in each. */
function isCodex(input: Readonly<Record<string, unknown>>): boolean {
  return 'turn_id' in input || typeof input['model'] === 'string'
}

function commandIn(input: Readonly<Record<string, unknown>>): Omit<HookCall, 'agent'> {
  for (const place of placesOf(input)) {
    const found = place['command'] ?? place['command_line'] ?? place['cmd']
    const directory = textIn(place, ['cwd', 'workdir', 'directory']) ?? textIn(input, ['cwd'])
    if (typeof found === 'string') return { command: found, directory }
    if (Array.isArray(found) && found.every(word => typeof word === 'string'))
      return { command: found, directory }
  }
  return { command: null, directory: textIn(input, ['cwd']) }
}

/** Where agents put what a tool is given: each in a place of its own, one of them as a JSON in the JSON. */
function placesOf(input: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  const { preToolUse } = input
  const places = [
    input['tool_input'],
    input['tool_info'],
    input['args'],
    readText(input['toolArgs']),
    isRecord(preToolUse) ? preToolUse['parameters'] : null,
    input,
  ]
  return places.filter(isRecord)
}

function readText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}

function textIn(from: Readonly<Record<string, unknown>>, keys: readonly string[]): string | null {
  const found = keys.map(key => from[key]).find(value => typeof value === 'string' && value !== '')
  return typeof found === 'string' ? found : null
}

/**
 * The answer in the agent's own protocol. Where an agent cannot ask its user, or takes the question for a mistake and
 * goes on (Codex), a question becomes a refusal. What is allowed is left without a word, so that the agent's own
 * permissions still count.
 */
export function answerOf(agent: AgentName, { decision, reason }: Verdict): HookAnswer {
  const says = (value: object): HookAnswer => ({ stdout: `${JSON.stringify(value)}\n`, stderr: '', code: 0 })
  const isAllowed = decision === 'allow'
  switch (agent) {
    case 'claude':
    case 'codex':
      if (isAllowed) return silence
      return says({
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: agent === 'codex' ? 'deny' : decision,
          permissionDecisionReason: reason,
        },
      })
    case 'cursor':
      if (isAllowed) return says({ permission: 'allow' })
      return says({ permission: decision, user_message: reason, agent_message: reason })
    case 'gemini':
      return isAllowed ? silence : says({ decision: 'deny', reason })
    case 'copilot':
      return isAllowed ? silence : says({ permissionDecision: 'deny', permissionDecisionReason: reason })
    case 'cline':
      return isAllowed ? says({ cancel: false }) : says({ cancel: true, errorMessage: reason })
    case 'opencode':
    case 'windsurf':
      return isAllowed ? silence : blocked(reason)
  }
}

const silence: HookAnswer = { stdout: '', stderr: '', code: 0 }

/** Ends with 2, which stops the command with every agent that looks at exit codes; Copilot looks at the JSON alone. */
export function answerToNonsense(agent: AgentName | null, reason: string): HookAnswer {
  return agent === 'copilot' || agent === 'cline'
    ? { ...answerOf(agent, { decision: 'deny', reason }), stderr: `${reason}\n`, code: 2 }
    : blocked(reason)
}

function blocked(reason: string): HookAnswer {
  return { stdout: '', stderr: `${reason}\n`, code: 2 }
}
