import { parseArgs } from 'node:util'
import { basename, join } from 'node:path'
import { aliasLines } from '../core/doors/alias-lines.ts'
import { withBlock } from '../core/doors/block.ts'
import type { Unclear } from '../core/doors/block.ts'
import { asBytes } from '../core/doors/bytes.ts'
import { knownBlocks } from '../core/doors/known-blocks.ts'
import { pathAdvice } from '../core/doors/path-advice.ts'
import { pathShim } from '../core/doors/shims.ts'
import { doorStates } from '../core/doors/status.ts'
import { shellWord } from '../core/shell-word.ts'
import { doors, shells } from '../model/doors.ts'
import type { ShellName } from '../model/doors.ts'
import { Stop } from '../model/failure.ts'
import { doorUsage, notPossible, placeRemembered, textToChange } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'
import { refuseWhatOthersCannotTrust } from './for-all.ts'
import { installAgent } from './install-agent.ts'
import { installPlugin, isOurs } from './install-plugin.ts'

/** `install [DOOR]`: lets what is typed, or called, lead to us. Resolves with the exit code; throws `Stop`. */
export async function install(words: readonly string[], tools: DoorTools): Promise<number> {
  const [door = 'status', ...rest] = words[0]?.startsWith('-') === true ? ['status', ...words] : words
  switch (door) {
    case 'plugin': {
      const { values } = read(door, rest, { system: { type: 'boolean' } }, 0)
      return installPlugin(tools, { system: values['system'] === true })
    }
    case 'alias': {
      const { values } = read(door, rest, { shell: { type: 'string' }, docker: { type: 'boolean' } }, 0)
      return installAlias(tools, shellOf(values['shell'], tools), { docker: values['docker'] === true })
    }
    case 'path': {
      const { positionals } = read(door, rest, {}, 1)
      return installPath(tools, tools.places.resolve(positionals[0] ?? tools.places.shims))
    }
    case 'agent': {
      const { values, positionals } = read(door, rest, { project: { type: 'boolean' } }, 1)
      return installAgent(tools, positionals[0], { project: values['project'] === true })
    }
    case 'status': {
      const { values } = read(door, rest, { json: { type: 'boolean' } }, 0)
      return status(tools, values['json'] === true)
    }
    default:
      throw doorUsage(`there is nothing called ${door} to install`, `${usage}: ${doors.join(', ')}, status`)
  }
}

const usage = 'safe-compose install DOOR'

/** `install status`: resolves with 1 where a door is open. */
async function status(tools: DoorTools, json: boolean): Promise<number> {
  const states = doorStates(await tools.survey())
  tools.print(json ? `${JSON.stringify({ doors: states }, null, 2)}\n` : tools.table(states))
  return states.every(({ state }) => state === 'guarded') ? 0 : 1
}

// ---- Aliases -----------------------------------------------------------------------------------------------------

async function installAlias(
  tools: DoorTools,
  shell: ShellName,
  wishes: { readonly docker: boolean },
): Promise<number> {
  if (wishes.docker) await refuseWithoutDocker(tools)
  const file = await tools.places.startUpFile(shell)
  const before = await textToChange(tools, file)
  const placed = (await tools.record.all()).find(({ path }) => path === file) ?? null
  const lines = aliasLines(shell, tools.start, wishes).map(asBytes)
  const clear = (known: readonly string[] | null): ReturnType<typeof withBlock> =>
    withBlock(before, lines, known)
  const known = clear(knownBlocks(before ?? '', placed))
  const after = known === 'changed' && placed === null ? clear(null) : known
  if (typeof after === 'string') throw unclearBlock(file, after)
  const isThere = after.text === before
  await placeRemembered(
    tools,
    { door: 'alias', name: shell, path: file, text: after.block },
    { forAll: false, work: async () => (isThere ? undefined : tools.files.edit(file, before, after.text)) },
  )
  const taken = wishes.docker ? 'all of `docker`' : '`docker compose`'
  tools.print(`${isThere ? 'they are there already:' : 'wrote'} functions in ${file}\n`)
  tools.print(`in every new ${shell}, \`docker-compose\` and ${taken} are guarded; in this one: . ${file}\n`)
  return 0
}

/** A single executable is `safe-docker` by a link of that name, which need not be there. */
async function refuseWithoutDocker({ files, start }: DoorTools): Promise<void> {
  const found = await files.look(start.dockerProgram)
  const isSingle = start.node === start.program
  const leads = isSingle ? found.kind === 'link' && found.real === start.node : found.kind !== 'missing'
  if (leads) return
  throw notPossible(
    `${start.dockerProgram} is not there, or is not this program: nothing could guard \`docker\``,
    isSingle
      ? `ln -s ${shellWord(basename(start.node))} ${shellWord(start.dockerProgram)}; then run the command again`
      : 'install safe-compose again, then run the command again',
  )
}

export function unclearBlock(file: string, why: Unclear): Stop {
  return why === 'torn'
    ? notPossible(
        `in ${file} the lines of safe-compose have a beginning and no end: somebody has changed them`,
        'remove what is left of them, from `# >>> safe-compose alias` on; nothing in it was changed',
      )
    : notPossible(
        `in ${file} somebody has changed the lines of safe-compose: it cannot be told which are whose`,
        'remove what is not yours from `# >>> safe-compose alias` to `# <<< safe-compose alias`; nothing in it was changed',
      )
}

function shellOf(word: string | boolean | undefined, tools: DoorTools): ShellName {
  const how = `safe-compose install alias --shell ${shells.join('|')}`
  if (word === undefined && tools.shell !== null) return tools.shell
  if (word === undefined) throw doorUsage('it cannot be told which shell is yours', how)
  const shell = shells.find(each => each === word)
  if (shell === undefined) throw doorUsage(`there are no functions for the shell ${word}`, how)
  return shell
}

// ---- The PATH ----------------------------------------------------------------------------------------------------

async function installPath(tools: DoorTools, folder: string): Promise<number> {
  const { files } = tools
  if (/[:\n]/.test(folder)) throw doorUsage(`${folder} cannot stand in a PATH`, 'name another folder')
  await refuseWithoutDocker(tools)
  const forAll = tools.isForAll(folder)
  if (forAll) await refuseWhatOthersCannotTrust(tools, folder)
  const names = ['docker-compose', 'docker'] as const
  const again =
    folder === tools.places.shims ? 'safe-compose install path' : `safe-compose install path ${folder}`
  const shims = names.map(name => ({
    path: join(folder, name),
    text: asBytes(pathShim(name, tools.start, again)),
  }))
  const before = await Promise.all(shims.map(({ path }) => files.look(path)))
  for (const [index, { path }] of shims.entries()) {
    const found = before[index]
    if (found !== undefined && found.kind !== 'missing' && !isOurs(found))
      throw notPossible(
        `${path} is somebody else's`,
        'choose a folder of its own: safe-compose install path DIR',
      )
  }
  for (const [index, { path, text }] of shims.entries()) {
    const found = before[index]
    const isThere = found?.kind === 'file' && found.text === text
    const work = async (): Promise<void> => (isThere ? undefined : files.place(path, text))
    await placeRemembered(tools, { door: 'path', name: '', path, text }, { forAll, work })
    tools.print(`${isThere ? 'it is there already:' : 'wrote'} ${path}\n`)
  }
  tools.print(pathAdvice(folder))
  return 0
}

// ---- Words -------------------------------------------------------------------------------------------------------

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

function read(
  door: string,
  words: readonly string[],
  options: Options,
  most: number,
): {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
} {
  const how = usages[door] ?? usage
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      strict: true,
    })
    const [extra] = positionals.slice(most)
    if (extra !== undefined) throw doorUsage(`${extra} is one word too many`, how)
    return { values: values as Readonly<Record<string, string | boolean | undefined>>, positionals }
  } catch (error) {
    if (error instanceof Stop) throw error
    const why = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error)
    throw doorUsage(why, how)
  }
}

const usages: Readonly<Record<string, string>> = {
  plugin: 'safe-compose install plugin [--system]',
  alias: `safe-compose install alias [--shell ${shells.join('|')}] [--docker]`,
  path: 'safe-compose install path [DIR]',
  agent: 'safe-compose install agent NAME [--project]',
  status: 'safe-compose install status [--json]',
}
