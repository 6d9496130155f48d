import { dirname } from 'node:path'
import { notPossible } from './door-tools.ts'
import type { DoorTools } from './door-tools.ts'

/** Root would run what another user can change, or others would be told at each command that it is not there. */
export async function refuseWhatOthersCannotTrust(tools: DoorTools, folder: string): Promise<void> {
  const { files, ownFiles, whyNotForAll } = tools
  for (const path of ownFiles()) {
    const why = await whyNotForAll(path)
    if (why !== null)
      throw notPossible(
        `${path} is nothing that every user and root should run: ${why}`,
        'install Node and safe-compose for the whole machine first: sudo npm install -g safe-compose',
      )
  }
  const [missing] = await files.missingFolders(folder)
  const why = await whyNotForAll(missing === undefined ? folder : dirname(missing))
  if (why !== null)
    throw notPossible(
      `${folder} is no place for what every user and root run: ${why}`,
      'name a folder that belongs to root, or let that one, where nobody else can write; then run the command again',
    )
}
