import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { serviceUnit, timerUnit, unitName } from '../../core/schedule/systemd-units.ts'
import type { PlacedSchedule, PlacedText, Scheduler } from '../../model/ports.ts'
import { placeFiles, removeFiles, textAt } from './place-files.ts'
import { programFailed, runProgram } from './run-program.ts'
import type { Ended } from './run-program.ts'

/**
 * Timers of systemd, of the machine or of a user.
 *
 * @param from.folder where their units are placed
 * @param from.runtime the folder that is there while systemd runs
 */
export function openSystemd(from: {
  readonly kind: 'systemd' | 'systemd-user'
  readonly folder: string
  readonly variables: Readonly<Record<string, string>>
  readonly runtime?: string
}): Scheduler {
  const { kind, folder, variables, runtime = '/run/systemd/system' } = from
  const scope = kind === 'systemd' ? [] : ['--user']
  const systemctl = (...words: string[]): Promise<Ended> =>
    runProgram('systemctl', [...scope, ...words], { variables })
  const must = async (...words: string[]): Promise<void> => {
    const ended = await systemctl(...words)
    const line = ['systemctl', ...scope, ...words].join(' ')
    if (ended.code !== 0)
      throw programFailed(line, ended, `what it says of it: ${['systemctl', ...scope].join(' ')} status`)
  }
  const timerOf = (key: string): string => `${unitName(key)}.timer`
  const texts = (schedule: PlacedSchedule): readonly PlacedText[] => [
    {
      place: join(folder, `${unitName(schedule.key)}.service`),
      text: serviceUnit({ ...schedule, system: kind === 'systemd' }),
    },
    { place: join(folder, timerOf(schedule.key)), text: timerUnit(schedule) },
  ]
  return {
    kind,
    whyNot: async () => {
      if (!(await isFolder(runtime))) return 'systemd does not run here'
      const { code, stderr } = await systemctl('show-environment')
      if (code === null) return 'there is no systemctl'
      return code === 0 ? null : `systemd does not answer: ${stderr.trim().split('\n').at(-1) ?? ''}`
    },
    texts,
    has: async key => (await textAt(join(folder, timerOf(key)))) !== null,
    install: schedule =>
      placeFiles(texts(schedule), async () => {
        await must('daemon-reload')
        await must('enable', timerOf(schedule.key))
        // A timer that runs keeps to what it read when it was started.
        await must('restart', timerOf(schedule.key))
      }),
    remove: async key => {
      const places = [timerOf(key), `${unitName(key)}.service`].map(name => join(folder, name))
      const there = await Promise.all(places.map(textAt))
      if (there.every(text => text === null)) return []
      if (there[0] !== null) await must('disable', '--now', timerOf(key))
      const removed = await removeFiles(places)
      await must('daemon-reload')
      return removed
    },
    next: async key => {
      const asked = ['show', timerOf(key), '--property=NextElapseUSecRealtime', '--value', '--timestamp=unix']
      const { code, stdout } = await systemctl(...asked)
      const seconds = /^@(\d+)$/.exec(stdout.trim())?.[1]
      return code === 0 && seconds !== undefined && seconds !== '0' ? new Date(Number(seconds) * 1000) : null
    },
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
