import { join } from 'node:path'
import { unpackPackages } from './apt.ts'
import { cacheFolder } from './cache.ts'

/** restic, and rclone, whose servers speak what restic speaks: each Debian sid's, unpacked in the cache. */
export async function prepareRestic(): Promise<{ readonly restic: string; readonly rclone: string }> {
  const folder = await unpackPackages('sid', ['restic', 'rclone'], join(cacheFolder, 'packages', 'restic'))
  return { restic: join(folder, 'usr/bin/restic'), rclone: join(folder, 'usr/bin/rclone') }
}
