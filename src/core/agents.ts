/** A variable by which a coding agent tells its child processes that it is at work. */
export interface AgentSignal {
  readonly agent: string
  readonly variable: string
  /**
   * - `set`: every value counts but an empty one, `0` and `false`
   * - a list: only these values, in any case, since others use the name too
   * - `contains`: values that contain it, in any case
   */
  readonly when: 'set' | readonly string[] | { readonly contains: string }
  readonly source: string
}

/**
 * Only what agents set for the commands they run. What a person's own terminal or settings carry as well is left out,
 * since it would refuse people: `CURSOR_TRACE_ID`, `REPL_ID`, `CODEIUM_EDITOR_APP_ROOT`, `COPILOT_GITHUB_TOKEN`,
 * `COPILOT_MODEL`, `GOOSE_PROVIDER`, `CODEX_HOME`, `AIDER_*`, `TERM_PROGRAM`, `JUNIE_DATA`; and `COPILOT_CLI`, which
 * the program of that name was found not to set.
 *
 * Such variables are hints that an agent could remove. They make a mistake less likely; they are no lock.
 */
export const agentSignals: readonly AgentSignal[] = [
  {
    agent: 'Claude Code',
    variable: 'CLAUDECODE',
    when: 'set',
    source: 'https://github.com/anthropics/claude-code/issues/33815',
  },
  {
    agent: 'Cursor',
    variable: 'CURSOR_AGENT',
    when: 'set',
    source: 'https://forum.cursor.com/t/151935',
  },
  {
    agent: 'Gemini CLI',
    variable: 'GEMINI_CLI',
    when: 'set',
    source: 'https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/shell.md',
  },
  {
    agent: 'Codex',
    variable: 'CODEX_CI',
    when: 'set',
    source: 'https://github.com/openai/codex/pull/9366',
  },
  {
    agent: 'Codex',
    variable: 'CODEX_THREAD_ID',
    when: 'set',
    source: 'https://github.com/openai/codex/pull/10096',
  },
  {
    agent: 'Codex',
    variable: 'CODEX_SANDBOX',
    when: 'set',
    source: 'https://github.com/openai/codex/blob/main/codex-rs/core/src/spawn.rs',
  },
  {
    agent: 'Codex',
    variable: 'CODEX_SANDBOX_NETWORK_DISABLED',
    when: 'set',
    source: 'https://github.com/openai/codex/blob/main/codex-rs/core/src/spawn.rs',
  },
  {
    agent: 'opencode',
    variable: 'OPENCODE',
    when: 'set',
    source: 'https://github.com/anomalyco/opencode/pull/1775',
  },
  {
    agent: 'Goose',
    variable: 'GOOSE_TERMINAL',
    when: 'set',
    source: 'https://github.com/aaif-goose/goose/pull/4205',
  },
  {
    agent: 'Amp',
    variable: 'AMP_CURRENT_THREAD_ID',
    when: 'set',
    source: 'https://github.com/aaif-goose/goose/pull/7017',
  },
  {
    agent: 'GitHub Copilot',
    variable: 'COPILOT_AGENT',
    when: 'set',
    source: 'https://github.com/microsoft/vscode/pull/320129',
  },
  {
    agent: 'Cline',
    variable: 'CLINE_ACTIVE',
    when: 'set',
    source: 'https://github.com/cline/cline/pull/7858',
  },
  {
    agent: 'Roo Code',
    variable: 'ROO_ACTIVE',
    when: 'set',
    source: 'https://github.com/RooCodeInc/Roo-Code/pull/11862',
  },
  {
    agent: 'Auggie',
    variable: 'AUGMENT_AGENT',
    when: 'set',
    source: 'https://www.npmjs.com/package/std-env/v/4.3.0',
  },
  {
    agent: 'Antigravity',
    variable: 'ANTIGRAVITY_AGENT',
    when: 'set',
    source: 'https://www.npmjs.com/package/@vercel/detect-agent/v/1.2.7',
  },
  {
    agent: 'Qwen Code',
    variable: 'QWEN_CODE',
    when: 'set',
    source: 'https://www.npmjs.com/package/am-i-vibing/v/0.5.0',
  },
  {
    agent: 'Crush',
    variable: 'CRUSH',
    when: ['1', 'true'],
    source: 'https://www.npmjs.com/package/am-i-vibing/v/0.5.0',
  },
  {
    agent: 'Pi',
    variable: 'PI_CODING_AGENT',
    when: 'set',
    source: 'https://github.com/earendil-works/pi/pull/7747',
  },
  {
    agent: 'Replit Assistant',
    variable: 'REPLIT_MODE',
    when: ['assistant'],
    source: 'https://www.npmjs.com/package/@vercel/detect-agent/v/1.2.7',
  },
  {
    agent: 'Amazon Q',
    variable: 'AWS_EXECUTION_ENV',
    when: { contains: 'amazonq' },
    source: 'https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/cli/util/detect-agent.ts',
  },
  {
    agent: 'a coding agent',
    variable: 'AI_AGENT',
    when: 'set',
    source: 'https://github.com/OpenHands/software-agent-sdk/pull/4366',
  },
  {
    agent: 'a coding agent',
    variable: 'AGENT',
    when: [
      '1',
      'true',
      'amp',
      'claude',
      'codex',
      'crush',
      'cursor',
      'gemini',
      'goose',
      'opencode',
      'pi',
      'qwen',
    ],
    source: 'https://github.com/agentsmd/agents.md/issues/136',
  },
]
