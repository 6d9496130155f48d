import { Stop } from '../../../model/failure.ts'
import type { AgentName } from '../protocols.ts'
import { hasHook, withHook, withoutHook, type HookShape } from './json-hook.ts'

/** A coding agent that asks a hook before it runs a shell line, and where it is told of hooks. */
export interface HookedAgent {
  readonly name: AgentName
  /** As it is called. */
  readonly title: string
  /** Its own folder in the home directory: where it is, the agent is in use. */
  readonly folder: string
  /** The files that it reads, absolute: for all of this user's projects, and for one project. */
  readonly files: (where: { readonly home: string; readonly project: string }) => {
    readonly user: string
    readonly project: string
  }
  /** The file is a program, and must be made executable. */
  readonly isProgram: boolean
  /** What is left to do by hand; null where nothing is. */
  readonly byHand: string | null
  /**
   * The file's text with our hook in it; the same text where it is there already. Throws `not-possible` where the text
   * cannot be added to.
   *
   * @param text null where there is no such file
   * @param program how we are started, as a shell writes it: `safe-compose`, `/usr/bin/node /…/safe-compose.js`
   */
  readonly place: (text: string | null, program: string) => string
  /** The file's text without our hook, byte for byte as it was before; null where the file was ours alone. */
  readonly takeBack: (text: string) => string | null
  readonly has: (text: string) => boolean
}

/** Every agent whose hooks we know, by name. */
export const hookedAgents: readonly HookedAgent[] = [
  {
    ...named('claude', 'Claude Code', '.claude', '.claude/settings.json', '.claude/settings.json'),
    ...inJson({ event: 'PreToolUse', entry: matched('Bash', 10), root: {} }, 'claude'),
    byHand: null,
  },
  {
    ...named('codex', 'Codex', '.codex', '.codex/hooks.json', '.codex/hooks.json'),
    ...inJson({ event: 'PreToolUse', entry: matched('Bash', 10), root: {} }, 'codex'),
    byHand:
      'Codex asks once whether this hook may run, and reads the hooks of a project only where it is trusted',
  },
  {
    ...named(
      'copilot',
      'GitHub Copilot',
      '.copilot',
      '.copilot/hooks/safe-compose.json',
      '.github/hooks/safe-compose.json',
    ),
    ...inJson(
      {
        event: 'preToolUse',
        entry: command => ({ type: 'command', bash: command, timeoutSec: 15 }),
        root: { version: 1 },
      },
      'copilot',
    ),
    byHand: null,
  },
  {
    ...named('cursor', 'Cursor', '.cursor', '.cursor/hooks.json', '.cursor/hooks.json'),
    ...inJson(
      {
        event: 'beforeShellExecution',
        entry: command => ({ command, failClosed: true }),
        root: { version: 1 },
      },
      'cursor',
    ),
    byHand: null,
  },
  {
    ...named('gemini', 'Gemini CLI', '.gemini', '.gemini/settings.json', '.gemini/settings.json'),
    // Here times are milliseconds.
    ...inJson({ event: 'BeforeTool', entry: matched('run_shell_command', 10_000), root: {} }, 'gemini'),
    byHand: null,
  },
  {
    ...named(
      'opencode',
      'opencode',
      '.config/opencode',
      '.config/opencode/plugins/safe-compose.js',
      '.opencode/plugins/safe-compose.js',
    ),
    ...ownFile(opencodePlugin),
    byHand: null,
  },
  {
    ...named(
      'windsurf',
      'Windsurf',
      '.codeium/windsurf',
      '.codeium/windsurf/hooks.json',
      '.windsurf/hooks.json',
    ),
    ...inJson(
      { event: 'pre_run_command', entry: command => ({ command, show_output: true }), root: {} },
      'windsurf',
    ),
    byHand: null,
  },
  {
    ...named(
      'cline',
      'Cline',
      'Documents/Cline',
      'Documents/Cline/Hooks/PreToolUse',
      '.clinerules/hooks/PreToolUse',
    ),
    ...ownFile(clineScript),
    isProgram: true,
    byHand: 'hooks must be switched on in the settings of Cline',
  },
]

/** Where its files are, below the home directory and below a project. */
function named(
  name: AgentName,
  title: string,
  folder: string,
  user: string,
  inProject: string,
): Pick<HookedAgent, 'name' | 'title' | 'folder' | 'files' | 'isProgram'> {
  return {
    name,
    title,
    folder,
    isProgram: false,
    files: ({ home, project }) => ({ user: `${home}/${user}`, project: `${project}/${inProject}` }),
  }
}

/** As Claude Code has it, and others after it. */
function matched(matcher: string, timeout: number): HookShape['entry'] {
  return command => ({ matcher, hooks: [{ type: 'command', command, timeout }] })
}

type Placing = Pick<HookedAgent, 'place' | 'takeBack' | 'has'>

function inJson(shape: HookShape, name: AgentName): Placing {
  return {
    place: (text, program) => withHook(text, hookCommand(program, name), shape),
    takeBack: text => withoutHook(text, shape),
    has: text => hasHook(text, shape),
  }
}

/** Any end but 0 and 2 would let the line through, also that of a shell which does not find the program. */
function hookCommand(program: string, name: AgentName): string {
  return `${program} hook --agent ${name} || exit 2`
}

const mark = 'Placed by safe-compose install agent; safe-compose uninstall agent takes it away.'

/** A file that is ours from its first line to its last. */
function ownFile(textFor: (program: string) => string): Placing {
  const isOurs = (text: string): boolean => text.includes(mark)
  return {
    place: (text, program) => {
      if (text === null || isOurs(text)) return textFor(program)
      throw new Stop({
        reason: 'not-possible',
        what: 'there is a hook of another make already, and the agent takes only one',
        how: 'call `safe-compose hook` from it, as the README shows; nothing was changed',
      })
    },
    takeBack: text => (isOurs(text) ? null : text),
    has: isOurs,
  }
}

function opencodePlugin(program: string): string {
  return `// ${mark}
import { spawnSync } from 'node:child_process'

export const SafeCompose = async ({ directory }) => ({
  'tool.execute.before': async (input, output) => {
    if (input.tool !== 'bash') return
    const answer = spawnSync('sh', ['-c', ${JSON.stringify(`${program} hook --agent opencode`)}], {
      input: JSON.stringify({ tool: input.tool, args: output.args, cwd: directory }),
      encoding: 'utf8',
    })
    if (answer.status !== 0) throw new Error(answer.stderr || 'safe-compose: the hook could not be run')
  },
})
`
}

function clineScript(program: string): string {
  return `#!/bin/sh
# ${mark}
answer=$(${program} hook --agent cline) ||
  answer='{"cancel":true,"errorMessage":"safe-compose: not run: the hook could not judge this command"}'
printf '%s\\n' "$answer"
`
}
