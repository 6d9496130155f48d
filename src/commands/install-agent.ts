import { nearest } from '../core/did-you-mean.ts'
import { asBytes } from '../core/doors/bytes.ts'
import { hookedAgents } from '../core/hook/settings/index.ts'
import type { HookedAgent } from '../core/hook/settings/index.ts'
import { shellWord } from '../core/shell-word.ts'
import type { Placed } from '../model/doors.ts'
import { Stop } from '../model/failure.ts'
import { doorUsage, forgetPlaced, placeRemembered, textToChange } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'

const names = hookedAgents.map(({ name }) => name)

/**
 * `install agent NAME`: the agent asks us before each of its shell lines. What else is in its settings stays.
 *
 * @param wishes.project in the settings of the project here, not in those of the user
 */
export async function installAgent(
  tools: DoorTools,
  name: string | undefined,
  wishes: { readonly project: boolean },
): Promise<number> {
  const agent = agentOf(name, 'install')
  const file = filesOf(agent, tools)[wishes.project ? 'project' : 'user']
  const before = await textToChange(tools, file)
  const { node, program } = tools.start
  const after = agent.place(before, asBytes(`${shellWord(node)} -- ${shellWord(program)}`))
  const write = (): Promise<void> =>
    agent.isProgram ? tools.files.place(file, after) : tools.files.edit(file, before, after)
  // Not its text: settings may hold secrets.
  const placed = { door: 'agent', name: agent.name, path: file, text: '' } as const
  await placeRemembered(tools, placed, {
    forAll: false,
    work: async () => (after === before ? undefined : write()),
  })
  tools.print(`${after === before ? 'it is there already:' : 'wrote'} a hook of ${agent.title} in ${file}\n`)
  if (agent.byHand !== null) tools.print(`${agent.byHand}\n`)
  return 0
}

/** Takes the hook back wherever it is remembered, or would be placed now; says what it does. */
export async function takeBackAgents(
  tools: DoorTools,
  name: string | null,
  remembered: readonly Placed[],
  say: (line: string) => void,
): Promise<void> {
  for (const agent of name === null ? hookedAgents : [agentOf(name, 'uninstall')]) {
    const own = remembered.filter(each => each.door === 'agent' && each.name === agent.name)
    const { user, project } = filesOf(agent, tools)
    // That of a project is its team's, and is meant only where the agent is named, or it was placed from here.
    const files = new Set([...own.map(({ path }) => path), user, ...(name === null ? [] : [project])])
    for (const file of files) {
      const placed = own.find(({ path }) => path === file) ?? null
      for (const line of await takeBackHook(tools, agent, file, placed !== null)) say(line)
      await forgetPlaced(tools, file)
    }
  }
}

async function takeBackHook(
  tools: DoorTools,
  agent: HookedAgent,
  file: string,
  isRemembered: boolean,
): Promise<readonly string[]> {
  try {
    const text = await textToChange(tools, file)
    if (text === null || !agent.has(text)) return []
    const after = agent.takeBack(text)
    await tools.files.edit(file, text, after)
    return [after === null ? `removed ${file}` : `removed the hook of ${agent.title} from ${file}`]
  } catch (error) {
    // What cannot be read, and was never written by us, is nobody's trouble.
    if (error instanceof Stop && !isRemembered) return []
    throw error
  }
}

function filesOf(agent: HookedAgent, { places }: DoorTools): ReturnType<HookedAgent['files']> {
  return agent.files({ home: places.home, project: places.resolve('.') })
}

function agentOf(name: string | undefined, word: 'install' | 'uninstall'): HookedAgent {
  const how = `safe-compose ${word} agent ${names.join('|')}`
  if (name === undefined) throw doorUsage('it is not said which agent', how)
  const agent = hookedAgents.find(each => each.name === name)
  if (agent !== undefined) return agent
  const meant = nearest(name, names)
  throw doorUsage(`no agent called ${name} is known`, meant === null ? how : `did you mean ${meant}?`)
}
