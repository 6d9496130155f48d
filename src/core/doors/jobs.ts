import type { FoundJob } from '../../model/doors.ts'

/** What must be known of a file of timers. */
export interface TimerFile {
  /** As a person opens it. */
  readonly place: string
  readonly text: string
  /** Whether shims of ours stand in a folder. */
  readonly isShimFolder: (folder: string) => boolean
}

/**
 * The lines of a crontab, or of a script that cron runs, which call Docker without us.
 *
 * @param file.runsAs whether a line runs as another user than this one
 */
export function jobsInCrontab(
  file: TimerFile & { readonly runsAs: (line: string) => boolean },
): readonly FoundJob[] {
  let path: string | null = null
  return file.text.split('\n').flatMap(line => {
    const set = /^\s*(?:export\s+)?PATH\s*=\s*(.*)$/.exec(line)?.[1]
    if (set !== undefined) path = set
    const calls = callIn(line)
    if (calls === null) return []
    const throughShims = calls.isBare && startsWithShims(path, file.isShimFolder)
    return [
      { by: 'cron', place: file.place, calls: calls.program, throughShims, asOther: file.runsAs(line) },
    ] as const
  })
}

/** The lines of a unit of systemd, with those that are added to it, which call Docker without us. */
export function jobsInUnit(file: TimerFile & { readonly asOther: boolean }): readonly FoundJob[] {
  const lines = file.text.split('\n')
  const path = lines.flatMap(line => /^Environment=.*?\bPATH=([^"\s]*)/.exec(line)?.[1] ?? []).at(-1) ?? null
  return lines.flatMap(line => {
    const calls = /^Exec\w+\s*=/.test(line) ? callIn(line.replace(/^Exec\w+\s*=[-@:+!|]*/, '')) : null
    if (calls === null) return []
    const throughShims = calls.isBare && startsWithShims(path, file.isShimFolder)
    return [
      { by: 'systemd', place: file.place, calls: calls.program, throughShims, asOther: file.asOther },
    ] as const
  })
}

function startsWithShims(path: string | null, isShimFolder: (folder: string) => boolean): boolean {
  const first = (path ?? '').replace(/^["']/, '').split(/[:"']/, 1)[0] ?? ''
  return first !== '' && isShimFolder(first)
}

const call =
  /(?:^|[\s;&|(`"'])(?<folder>\/[^\s;&|]*\/)?(?:(?<compose>docker-compose)|docker(?<words>(?:\s+\S+)*))(?=$|[\s;&|)`"'])/

/** Commands of the docker CLI that can take data with them. */
const taking = /^(?:volume|system|container|rm|run|stack)$/

/** What a line calls that could lose data, if it is not ours. `isBare`: without a folder, so that the PATH decides. */
function callIn(line: string): { readonly program: FoundJob['calls']; readonly isBare: boolean } | null {
  if (/^\s*#/.test(line) || /\bsafe-(?:compose|docker)\b/.test(line)) return null
  const groups = call.exec(line)?.groups
  if (groups === undefined) return null
  const isBare = groups['folder'] === undefined
  if (groups['compose'] !== undefined) return { program: 'docker-compose', isBare }
  const words = (groups['words'] ?? '').trim().split(/\s+/)
  if (words.includes('compose')) return { program: 'docker compose', isBare }
  return words.some(word => taking.test(word)) ? { program: 'docker', isBare } : null
}
