import { basename, dirname, join } from 'node:path'
import { blockIn, withoutBlock } from '../core/doors/block.ts'
import { changedShimName, keptPluginName } from '../core/doors/marks.ts'
import { doors, shells } from '../model/doors.ts'
import type { Door, Placed } from '../model/doors.ts'
import { Stop } from '../model/failure.ts'
import type { DoorFile } from '../model/ports.ts'
import { doorUsage, textToChange } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'
import { tornBlock } from './install.ts'
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
  const remembered = await tools.record.all()
  const said: string[] = []
  if (word === 'all' || word === 'agent') said.push(...(await takeBackAgents(tools, agent, remembered)))
  for (const each of ['alias', 'path', 'plugin'] as const) {
    if (word !== 'all' && word !== each) continue
    for (const path of await pathsOf(each, remembered, tools)) {
      const placed = remembered.find(known => known.door === each && known.path === path) ?? null
      said.push(...(await takeBack(each, path, placed, tools)))
      await tools.record.forget(path)
      // What is remembered may have lain in them.
      await tools.files.removeFolders(placed?.folders ?? [])
    }
  }
  tools.print(said.length === 0 ? 'nothing of safe-compose is installed there\n' : `${said.join('\n')}\n`)
  return 0
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
  const after = withoutBlock(text, placed?.text ?? null)
  if (after === 'torn') throw tornBlock(file)
  if (blockIn(text) === null) return []
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
  const former: DoorFile = kept === null ? { kind: 'missing' } : await files.look(kept)
  const hasFormer = kept !== null && former.kind !== 'missing'
  if (now.kind !== 'missing' && !isOurs(now, tools))
    return hasFormer ? [await letGo(kept, path, now, tools)] : []
  const said: string[] = []
  const isChanged = placed !== null && now.kind === 'file' && now.text !== placed.text
  if (isChanged) {
    const aside = join(dirname(path), changedShimName(basename(path)))
    await files.keepAside(path, aside)
    said.push(`${path} was changed since it was placed: kept as ${aside}`)
  }
  if (hasFormer) {
    await files.move(kept, path)
    return [...said, `put back ${path}`]
  }
  if ((await files.look(path)).kind === 'missing') return said
  await files.remove(path)
  return [...said, `removed ${path}`]
}

/** Somebody has put another one into the place of ours, and so of what stood there before. */
async function letGo(kept: string, path: string, now: DoorFile, { files }: DoorTools): Promise<string> {
  const text = now.kind === 'file' || now.kind === 'link' ? now.text : null
  if (text?.includes(keptPluginName) === true) return `left ${kept}: ${path} calls it`
  await files.remove(kept)
  return `removed ${kept}: ${path} has taken its place since`
}
