import { readFile, readdir, statfs } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { DoorSurvey } from '../../model/doors.ts'
import type { HostSurvey } from '../../model/ports.ts'

/** What is looked for in timers: our own command, however it is called. */
const ours = /\bsafe-compose(\.js)?\b[^\n]*\b(backup|schedule)\b/

/**
 * Looks at this machine as a doctor would: who takes backups by itself, how much room the store has, where `docker
 * compose` leads. Reads files and `crontab -l`, changes nothing; what may not be read counts as not there, and where
 * nothing at all may be read, `schedules` is null.
 *
 * @param from.doors the look at the ways by which commands come in
 */
export async function surveyHost(from: {
  readonly store: string
  readonly home: string
  readonly doors: () => Promise<DoorSurvey>
}): Promise<HostSurvey> {
  const [crontab, tables, units, free, doors] = await Promise.all([
    ownCrontab(),
    timersIn(['/etc/crontab'], ['/etc/cron.d', '/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly']),
    timersIn(
      [],
      ['/etc/systemd/system', '/usr/lib/systemd/system', join(from.home, '.config/systemd/user')],
      /\.(service|timer)$/,
    ),
    freeAt(from.store),
    from.doors(),
  ])
  const schedules = [
    ...(crontab !== null && ours.test(crontab) ? ["this user's crontab"] : []),
    ...tables,
    ...units,
  ]
  return { schedules: crontab === null && schedules.length === 0 ? null : schedules, free, doors }
}

/** Null where there is no cron; empty where there is no table. */
function ownCrontab(): Promise<string | null> {
  return new Promise(resolve => {
    execFile('crontab', ['-l'], { timeout: 5000 }, (error, stdout) => {
      const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
      resolve(isMissing ? '' : stdout)
    })
  })
}

/** The paths of those files that call us to take a backup. */
async function timersIn(
  files: readonly string[],
  folders: readonly string[],
  named: RegExp = /^/,
): Promise<readonly string[]> {
  const inside = await Promise.all(
    folders.map(async folder => {
      const names = await readdir(folder).catch(() => [])
      return names.filter(name => named.test(name)).map(name => join(folder, name))
    }),
  )
  const found = await Promise.all(
    [...files, ...inside.flat()].map(async path => {
      const text = await readFile(path, 'utf8').catch(() => '')
      return ours.test(text) ? [path] : []
    }),
  )
  return found.flat()
}

/** Bytes free on the file system of a folder that need not exist yet; null where it cannot be told. */
async function freeAt(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch {
    return dirname(path) === path ? null : freeAt(dirname(path))
  }
}
