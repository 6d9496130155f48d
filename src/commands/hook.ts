import { dirname, isAbsolute, join } from 'node:path'
import { isCertain, judgeLine, judgeWords, type Concern } from '../core/hook/judge.ts'
import { agentNames, answerOf, answerToNonsense, readCall } from '../core/hook/protocols.ts'
import type { AgentName, HookAnswer, HookCall, Verdict } from '../core/hook/protocols.ts'
import type { ComposePlace } from '../core/hook/scratch.ts'
import { sharesData, sharesVolumes } from '../core/own-project.ts'
import { Stop } from '../model/failure.ts'
import type { ReadShell } from '../model/shell.ts'

/** What `hook` needs: no engine, no Compose, no configuration. */
export interface HookTools {
  /** All of standard input. */
  readonly readInput: () => Promise<string>
  readonly openReader: () => Promise<ReadShell>
  /** Null when there is no such file or it cannot be read. */
  readonly readText: (path: string) => Promise<string | null>
  readonly home: string | null
  readonly directory: string
  /**
   * Why a line is not let through, in words for the agent.
   *
   * @param keepsApart whether another project of the same files would have its data for itself
   */
  readonly inWords: (concerns: readonly Concern[], keepsApart: boolean) => string
}

/**
 * `hook [--agent NAME]`: an agent asks before it runs a shell line; the JSON on standard input says which. The answer
 * is in the agent's own protocol. Whatever cannot be read or goes wrong ends with 2, which stops the line: a hook that
 * fails in any other way lets it through.
 */
export async function hook(words: readonly string[], tools: HookTools): Promise<HookAnswer> {
  let agent: AgentName | null = null
  try {
    agent = agentNamed(words)
    const text = await tools.readInput()
    const call = readCall(parse(text), agent)
    if (call === null) return answerToNonsense(agent, nonsense('it is not one that a known agent writes'))
    return answerOf(call.agent, await judge(call, tools))
  } catch (error) {
    // A person has typed it.
    if (error instanceof Stop) throw error
    const why = error instanceof Error ? error.message : String(error)
    return answerToNonsense(agent, nonsense(why))
  }
}

function nonsense(why: string): string {
  return `safe-compose: not run: what the hook was given cannot be judged: ${why}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new Error(`it is no JSON (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    })
  }
}

/** Throws where the words are wrong: then the hook was placed wrongly, and must not let anything through. */
function agentNamed(words: readonly string[]): AgentName | null {
  const [flag, value, ...rest] = words.flatMap(word =>
    word.startsWith('--agent=') ? ['--agent', word.slice('--agent='.length)] : [word],
  )
  if (flag === undefined) return null
  const name = agentNames.find(each => each === value)
  if (flag === '--agent' && name !== undefined && rest.length === 0) return name
  throw new Error(`\`hook ${words.join(' ')}\` must be \`hook --agent ${agentNames.join('|')}\``)
}

async function judge({ command, directory }: HookCall, tools: HookTools): Promise<Verdict> {
  if (command === null) return { decision: 'allow', reason: '' }
  const beginning = {
    read: await tools.openReader(),
    home: tools.home,
    directory: directory ?? tools.directory,
  }
  const found = typeof command === 'string' ? judgeLine(command, beginning) : judgeWords(command, beginning)
  const concerns: Concern[] = []
  for (const concern of found) if (!(await isOnlyScratch(concern, tools))) concerns.push(concern)
  if (concerns.length === 0) return { decision: 'allow', reason: '' }
  const reason = tools.inWords(concerns, await keepsApart(concerns[0], tools))
  return { decision: concerns.some(isCertain) ? 'deny' : 'ask', reason }
}

/** A project that was made to be thrown away, and whose files give its volumes no names of others. */
async function isOnlyScratch(concern: Concern, tools: HookTools): Promise<boolean> {
  if (concern.kind !== 'destroys' || concern.compose?.isScratch !== true) return false
  const texts = await filesOf(concern.compose.place, tools)
  return texts !== null && texts.every(text => !sharesVolumes(text))
}

async function keepsApart(concern: Concern | undefined, tools: HookTools): Promise<boolean> {
  if (concern?.kind !== 'destroys' || concern.compose === null) return false
  const texts = await filesOf(concern.compose.place, tools)
  return texts !== null && texts.length > 0 && texts.every(text => !sharesData(text))
}

const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']

/** Their texts; none where there are no files, and null where one cannot be read. */
async function filesOf(
  { files, directory }: ComposePlace,
  tools: HookTools,
): Promise<readonly string[] | null> {
  if (directory === null && !files.every(file => isAbsolute(file))) return null
  const from = directory ?? '/'
  if (files.length > 0) {
    const texts = await Promise.all(
      files.map(file => tools.readText(isAbsolute(file) ? file : join(from, file))),
    )
    return texts.every(text => text !== null) ? texts : null
  }
  if (directory === null) return null
  for (let folder = directory; ; folder = dirname(folder)) {
    const names = usualNames.flatMap(name => [name, name.replace(/\.(ya?ml)$/, '.override.$1')])
    const texts = await Promise.all(names.map(name => tools.readText(join(folder, name))))
    const found = texts.filter(text => text !== null)
    if (found.length > 0 || folder === dirname(folder)) return found
  }
}
