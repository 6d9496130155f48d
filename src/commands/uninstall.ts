import { basename, dirname, join } from 'node:path'
import { hasBlock, withoutBlocks } from '../core/doors/block.ts'
import { knownBlocks } from '../core/doors/known-blocks.ts'
import { changedShimName, keptPluginName } from '../core/doors/marks.ts'
import { doors, shells } from '../model/doors.ts'
import type { Door, Placed } from '../model/doors.ts'
import { Stop } from '../model/failure.ts'
import { doorUsage, forgetPlaced, textToChange } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'
import { unclearBlock } from './install.ts'
import { takeBackAgents } from './install-agent.ts'
import { isOurs } from './install-plugin.ts'

/**
 * `uninstall [DOOR]`: takes back exactly what `install` has placed, also where that is not remembered any more. What the
 * user has changed since stays. A coding agent may not. Resolves with the exit code; throws `Stop`.
 */
export async function uninstall(words: readonly string[], tools: DoorTools): Promise<number> {
  const [word = 'all', ...rest] = words
  const [agent, more] = word === 'agent' ? [rest[0] ?? null, rest.slice(1)] : [null, rest]
  if (word !== 'all' && !doors.some(door => door === word))
    throw doorUsage(
      `there is nothing called ${word} to be taken back`,
      `safe-compose uninstall [${doors.join('|')}|all]`,
    )
  if (more[0] !== undefined)
    throw doorUsage(`${more[0]} is one word too many`, `safe-compose uninstall ${word}`)
  if (tools.audience === 'agent')
    throw new Stop({
      reason: 'refused',
      why: `a coding agent does not take the guard away; a person types: safe-compose uninstall ${word}`,
    })
  let said = 0
  const say = (line: string): void => {
    said++
    tools.print(`${line}\n`)
  }
  await takeBackAll(word, agent, tools, say)
  if (said === 0) tools.print('nothing of safe-compose is installed there\n')
  return 0
}

/**
 * What cannot be taken back keeps nothing else in its place: it is told at the end.
 *
 * @param say is told of each as it is done
 */
async function takeBackAll(
  word: string,
  agent: string | null,
  given: DoorTools,
  say: (line: string) => void,
): Promise<void> {
  const { remembered, tools } = await memoryOf(given, say)
  const failures: Stop[] = []
  const goingOn = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
      failures.push(error)
    }
  }
  if (word === 'all' || word === 'agent') await goingOn(() => takeBackAgents(tools, agent, remembered, say))
  for (const each of ['alias', 'path', 'plugin'] as const) {
    if (word !== 'all' && word !== each) continue
    for (const path of await pathsOf(each, remembered, tools)) {
      const placed = remembered.find(known => known.door === each && known.path === path) ?? null
      await goingOn(async () => {
        for (const line of await takeBack(each, path, placed, tools)) say(line)
        await forgetPlaced(tools, path)
      })
    }
  }
  const [first, ...others] = failures
  for (const { failure } of others) if ('what' in failure) say(`not taken back: ${failure.what}`)
  if (first !== undefined) throw first
}

/** Where the record cannot be read it stays, and what is placed is known by its marks alone. */
async function memoryOf(
  tools: DoorTools,
  say: (line: string) => void,
): Promise<{ readonly remembered: readonly Placed[]; readonly tools: DoorTools }> {
  try {
    return { remembered: await tools.record.all(), tools }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    say(`${error.failure.what}; it stays, and only what is in the usual places is taken back`)
    const none = { ...tools.record, all: async () => [], forget: async () => {} }
    return { remembered: [], tools: { ...tools, record: none } }
  }
}

/** Where it was placed as far as that is remembered, and where it would be placed now. */
async function pathsOf(
  door: Exclude<Door, 'agent'>,
  remembered: readonly Placed[],
  { places }: DoorTools,
): Promise<readonly string[]> {
  const usual = {
    alias: () => Promise.all(shells.map(places.startUpFile)),
    path: async () => ['docker-compose', 'docker'].map(name => join(places.shims, name)),
    plugin: async () => [places.userPlugins, places.systemPlugins].map(each => join(each, 'docker-compose')),
  }
  const known = remembered.filter(each => each.door === door).map(({ path }) => path)
  return [...new Set([...known, ...(await usual[door]())])]
}

function takeBack(
  door: Exclude<Door, 'agent'>,
  path: string,
  placed: Placed | null,
  tools: DoorTools,
): Promise<readonly string[]> {
  if (door === 'alias') return takeBackLines(path, placed, tools)
  return takeBackShim(path, placed, door === 'plugin' ? join(dirname(path), keptPluginName) : null, tools)
}

async function takeBackLines(
  file: string,
  placed: Placed | null,
  tools: DoorTools,
): Promise<readonly string[]> {
  const text = await textToChange(tools, file).catch(error => {
    // Not ours to be mended where nothing of ours is.
    if (placed === null && error instanceof Stop) return null
    throw error
  })
  if (text === null) return []
  if (!hasBlock(text)) return []
  const known = withoutBlocks(text, knownBlocks(text, placed))
  const after = known === 'changed' && placed === null ? withoutBlocks(text, null) : known
  if (typeof after === 'string') throw unclearBlock(file, after)
  await tools.files.edit(file, text, after.text)
  return [after.text === null ? `removed ${file}` : `removed the functions from ${file}`]
}

/** @param kept where what stood there before is kept; null where nothing can be */
async function takeBackShim(
  path: string,
  placed: Placed | null,
  kept: string | null,
  tools: DoorTools,
): Promise<readonly string[]> {
  const { files } = tools
  const now = await files.look(path)
  const former = kept === null || (await files.look(kept)).kind === 'missing' ? null : kept
  if (now.kind !== 'missing' && !isOurs(now)) return former === null ? [] : leave(former, path, tools)
  const said: string[] = []
  const ours = placed === null ? null : [placed.text, ...placed.earlier]
  if (now.kind === 'file' && now.text !== null && ours?.includes(now.text) === false) {
    const aside = join(dirname(path), changedShimName(basename(path)))
    await files.keepAside(path, aside)
    said.push(`${path} was changed since it was placed: kept as ${aside}`)
  }
  if (former !== null) {
    await files.move(former, path)
    return [...said, `put back ${path}`]
  }
  if ((await files.look(path)).kind === 'missing') return said
  await files.remove(path)
  return [...said, `removed ${path}`]
}

/** Somebody has put another one into the place of ours. What stood there before may be all that there is of it. */
async function leave(kept: string, path: string, { files }: DoorTools): Promise<readonly string[]> {
  if (!(await files.isSame(path, kept)))
    return [`left ${kept}, which stood at ${path} before: what stands there now is not of safe-compose`]
  // A run that was killed has only given it a second name.
  await files.remove(kept)
  return []
}
