import { dirname, join } from 'node:path'
import { asBytes } from '../core/doors/bytes.ts'
import { isShim, keptPluginName } from '../core/doors/marks.ts'
import { pluginShim } from '../core/doors/shims.ts'
import { openPluginDoors } from '../core/doors/status.ts'
import type { DoorFile } from '../model/ports.ts'
import { notPossible, placeRemembered } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'
import { refuseWhatOthersCannotTrust } from './for-all.ts'

/**
 * `install plugin`: what the docker CLI takes for its plugin `compose` is a file of ours. One of somebody else's that stands
 * there is kept beside it, and is the Compose that runs. Says by which ways the docker CLI would still pass it.
 *
 * @param wishes.system for every user of this machine, and under sudo
 */
export async function installPlugin(tools: DoorTools, wishes: { readonly system: boolean }): Promise<number> {
  const { files, places } = tools
  const folder = wishes.system ? places.systemPlugins : places.userPlugins
  const [path, kept] = ['docker-compose', keptPluginName].map(name => join(folder, name)) as [string, string]
  if (wishes.system) await refuseWhatOthersCannotTrust(tools, folder)
  const before = await files.look(path)
  if (before.kind === 'other')
    throw notPossible(`${path} is no file`, 'remove it, then run the command again')
  const isForeign = before.kind !== 'missing' && !isOurs(before)
  if (isForeign) refuseOneThatNeedsTheKept(path, before)
  const found = tools.realPlugin()
  const text = asBytes(
    pluginShim({
      start: tools.start,
      version: tools.version,
      real: found === path ? kept : found,
      install: `safe-compose install plugin${wishes.system ? ' --system' : ''}`,
    }),
  )
  const isThere = before.kind === 'file' && before.text === text
  let older: string | null = null
  const work = async (): Promise<void> => {
    if (isForeign) older = await replaceForeign(tools, path, kept, text)
    else if (!isThere) await files.place(path, text)
  }
  const placed = { door: 'plugin', name: '', path, text } as const
  await placeRemembered(tools, placed, { forAll: wishes.system, work })
  tools.print(`${isThere ? 'it is there already:' : 'wrote'} ${path}\n`)
  if (isForeign)
    tools.print(`kept what stood there as ${kept}${found === path ? ': it is the Compose that runs' : ''}\n`)
  if (older !== null)
    tools.print(`the one that was kept before is now ${String(older)}: remove it when you need it no more\n`)
  if (found === null)
    tools.print('there is no Docker Compose on this machine yet: install it as well, wherever you like\n')
  await sayWhatIsOpen(tools)
  return 0
}

/** Whether a file is a shim of ours. A link is none of ours, wherever it leads: we place no links. */
export function isOurs(found: DoorFile): boolean {
  return found.kind === 'file' && found.text !== null && isShim(found.text)
}

/**
 * If it fails, what stood there stands there.
 *
 * @returns where the one is now that was kept before; null where none was
 */
async function replaceForeign(
  { files }: DoorTools,
  path: string,
  kept: string,
  text: string,
): Promise<string | null> {
  const older = await files.keepAside(path, kept)
  try {
    await files.place(path, text)
    return older
  } catch (error) {
    if ((await files.look(path)).kind === 'missing') await files.move(kept, path)
    else if (await files.isSame(path, kept)) await files.remove(kept)
    if (older !== null) await files.move(older, kept)
    throw error
  }
}

/** A script that somebody has put before the one that we keep would lose it. */
function refuseOneThatNeedsTheKept(path: string, found: DoorFile): void {
  const text = found.kind === 'file' || found.kind === 'link' ? found.text : null
  if (text === null || !text.includes(keptPluginName)) return
  throw notPossible(
    `${path} is a script of somebody else's that calls ${join(dirname(path), keptPluginName)}`,
    'move it to another place, then run the command again',
  )
}

async function sayWhatIsOpen(tools: DoorTools): Promise<void> {
  for (const { door, state, why, mend } of openPluginDoors(await tools.survey()))
    tools.print(`${state === 'open' ? 'still open' : 'bypassed'}: ${door}: ${why}\n  → ${mend}\n`)
}
