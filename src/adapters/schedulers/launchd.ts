import { join } from 'node:path'
import { launchdLabel, launchdPlist } from '../../core/schedule/launchd-plist.ts'
import type { PlacedSchedule, PlacedText, Scheduler } from '../../model/ports.ts'
import { placeFiles, removeFiles, textAt } from './place-files.ts'
import { programFailed, runProgram } from './run-program.ts'

/**
 * Agents of launchd on macOS.
 *
 * @param from.folder where the agents of this user are kept
 * @param from.user this user's number
 */
export function openLaunchd(from: {
  readonly folder: string
  readonly user: number
  readonly variables: Readonly<Record<string, string>>
}): Scheduler {
  const { folder, variables } = from
  const domain = `gui/${from.user}`
  const fileOf = (key: string): string => join(folder, `${launchdLabel(key)}.plist`)
  const texts = ({ key, script, offset }: PlacedSchedule): readonly PlacedText[] => [
    { place: fileOf(key), text: launchdPlist(key, script, offset) },
  ]
  /** One that is not loaded is as good as unloaded. */
  const unload = (key: string): Promise<unknown> =>
    runProgram('launchctl', ['bootout', `${domain}/${launchdLabel(key)}`], { variables })
  return {
    kind: 'launchd',
    whyNot: async () => {
      const { code } = await runProgram('launchctl', ['print', domain], { variables })
      return code === 0 ? null : 'launchd does not answer'
    },
    texts,
    has: async key => (await textAt(fileOf(key))) !== null,
    install: schedule =>
      placeFiles(texts(schedule), async () => {
        await unload(schedule.key)
        const words = ['bootstrap', domain, fileOf(schedule.key)]
        const ended = await runProgram('launchctl', words, { variables })
        if (ended.code !== 0)
          throw programFailed(`launchctl ${words.join(' ')}`, ended, 'see: launchctl print')
      }),
    remove: async key => {
      if ((await textAt(fileOf(key))) === null) return []
      await unload(key)
      return removeFiles([fileOf(key)])
    },
    next: async () => null,
  }
}
