import { dirname, join } from 'node:path'
import { asBytes } from '../core/doors/bytes.ts'
import { isShim, keptPluginName } from '../core/doors/marks.ts'
import { pluginShim } from '../core/doors/shims.ts'
import { openPluginDoors } from '../core/doors/status.ts'
import type { DoorFile } from '../model/ports.ts'
import { notPossible } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'

/**
 * `install plugin`: what the docker CLI takes for its plugin `compose` is a file of ours. One of somebody else's that stands
 * there is kept beside it, and is the Compose that runs. Says by which ways the docker CLI would still pass it.
 *
 * @param wishes.system for every user of this machine, and under sudo
 */
export async function installPlugin(tools: DoorTools, wishes: { readonly system: boolean }): Promise<number> {
  const { files, record, places } = tools
  const folder = wishes.system ? places.systemPlugins : places.userPlugins
  const [path, kept] = ['docker-compose', keptPluginName].map(name => join(folder, name)) as [string, string]
  if (wishes.system) await refuseWhatOthersCannotTrust(tools)
  const before = await files.look(path)
  if (before.kind === 'other')
    throw notPossible(`${path} is no file`, 'remove it, then run the command again')
  const isForeign = before.kind !== 'missing' && !isOurs(before, tools)
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
  const folders = await files.makeFolder(folder)
  await record.add({ door: 'plugin', name: '', path, text, folders })
  if (isForeign) await replaceForeign(tools, path, kept, text)
  else if (!isThere) await files.place(path, text)
  tools.print(`${isThere ? 'it is there already:' : 'wrote'} ${path}\n`)
  if (isForeign) tools.print(`kept what stood there as ${kept}: it is the Compose that runs\n`)
  if (found === null)
    tools.print('there is no Docker Compose on this machine yet: install it as well, wherever you like\n')
  await sayWhatIsOpen(tools)
  return 0
}

/** Whether a file is a shim of ours, or a link that leads into our package. */
export function isOurs(found: DoorFile, tools: Pick<DoorTools, 'isOurFile'>): boolean {
  if (found.kind === 'link') return found.real !== null && tools.isOurFile(found.real)
  return found.kind === 'file' && found.text !== null && isShim(found.text)
}

/** If it fails, what stood there stands there. */
async function replaceForeign({ files }: DoorTools, path: string, kept: string, text: string): Promise<void> {
  await files.keepAside(path, kept)
  try {
    await files.place(path, text)
  } catch (error) {
    const isGone = (await files.look(path)).kind === 'missing'
    await (isGone ? files.move(kept, path) : files.remove(kept))
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

/** Root would run what another user can change, or others would be told at each command that it is not there. */
async function refuseWhatOthersCannotTrust({ start, whyNotForAll }: DoorTools): Promise<void> {
  for (const path of [start.node, start.program]) {
    const why = await whyNotForAll(path)
    if (why !== null)
      throw notPossible(
        `${path} is nothing that every user and root should run: ${why}`,
        'install Node and safe-compose for the whole machine first: sudo npm install -g safe-compose',
      )
  }
}

async function sayWhatIsOpen(tools: DoorTools): Promise<void> {
  for (const { door, state, why, mend } of openPluginDoors(await tools.survey()))
    tools.print(`${state === 'open' ? 'still open' : 'bypassed'}: ${door}: ${why}\n  → ${mend}\n`)
}
