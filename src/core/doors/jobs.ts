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
 * The calls of Docker without us in a crontab, or in a script that cron runs.
 *
 * @param file.fields how many words stand before the command: when it runs and, in the system's tables, as whom; a script
 *   has none
 * @param file.runsAs whether a line runs as another user than this one
 */
export function jobsInCrontab(
  file: TimerFile & { readonly fields: 0 | 5 | 6; readonly runsAs: (line: string) => boolean },
): readonly FoundJob[] {
  let path: string | null = null
  // In a crontab a backslash continues nothing.
  const text = file.fields === 0 ? file.text.replaceAll(/\\\n/g, ' ') : file.text
  return text.split('\n').flatMap(line => {
    const set = /^\s*(?:export\s+)?PATH\s*=\s*(.*)$/.exec(line)?.[1]
    if (set !== undefined) path = set
    const { place, isShimFolder } = file
    return callsIn(withoutComment(commandOf(line, file.fields))).map(({ program, isBare }) => ({
      by: 'cron' as const,
      place,
      calls: program,
      throughShims: isBare && startsWithShims(path, isShimFolder),
      asOther: file.runsAs(line),
    }))
  })
}

/** The calls of Docker without us in a unit of systemd, with what is added to it. */
export function jobsInUnit(file: TimerFile & { readonly asOther: boolean }): readonly FoundJob[] {
  const lines = file.text
    .replaceAll(/^[#;].*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
  const path = lines.flatMap(line => /^Environment=.*?\bPATH=([^"\s]*)/.exec(line)?.[1] ?? []).at(-1) ?? null
  const { place, isShimFolder, asOther } = file
  return lines
    .filter(line => /^Exec\w+\s*=/.test(line))
    .flatMap(line => callsIn(line.replace(/^Exec\w+\s*=[-@:+!|]*/, '')))
    .map(({ program, isBare }) => ({
      by: 'systemd' as const,
      place,
      calls: program,
      throughShims: isBare && startsWithShims(path, isShimFolder),
      asOther,
    }))
}

function commandOf(line: string, fields: number): string {
  if (/^\s*#/.test(line)) return ''
  if (fields === 0) return line
  const before = /^\s*@/.test(line) ? fields - 4 : fields
  return line.replace(new RegExp(`^\\s*(?:\\S+\\s+){${before}}`), '')
}

/** Of a shell's line. */
function withoutComment(line: string): string {
  let quote = ''
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (quote === '' && character === '#' && /^$|\s/.test(line.charAt(index - 1))) return line.slice(0, index)
    if (quote === character) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
  }
  return line
}

function startsWithShims(path: string | null, isShimFolder: (folder: string) => boolean): boolean {
  const first = (path ?? '').replace(/^["']/, '').split(/[:"']/, 1)[0] ?? ''
  return first !== '' && isShimFolder(first)
}

const call =
  /(?:^|[\s;&|(`"'])(?<folder>\/[^\s;&|]*\/)?(?:(?<compose>docker-compose)|docker(?<words>(?:\s+\S+)*))(?=$|[\s;&|)`"'])/

/** Commands of the docker CLI that can take data with them. */
const taking = /^(?:volume|system|container|rm|run|stack)$/

/** What runs a program that is named behind it. */
const wrappers = new Set(
  'sudo env nice ionice nohup exec time timeout setsid chronic command sh bash node if then else do while until !'.split(
    ' ',
  ),
)

/**
 * What a line calls that could lose data, and is not ours: of several commands in it each counts by itself. `isBare`: without
 * a folder, so that the PATH decides.
 */
function callsIn(line: string): readonly Call[] {
  return line.split(/[;&|(){}]/).flatMap(command => {
    const groups = isOurs(command) ? undefined : call.exec(command)?.groups
    if (groups === undefined) return []
    const program = groups['compose'] === undefined ? callOfDocker(groups['words'] ?? '') : 'docker-compose'
    return program === null ? [] : [{ program, isBare: groups['folder'] === undefined }]
  })
}

interface Call {
  readonly program: FoundJob['calls']
  readonly isBare: boolean
}

function callOfDocker(text: string): FoundJob['calls'] | null {
  const words = text.trim().split(/\s+/)
  if (words.includes('compose')) return 'docker compose'
  return words.some(word => taking.test(word)) ? 'docker' : null
}

/** By the program that runs, not by a name among its words. */
function isOurs(command: string): boolean {
  const words = command.replaceAll(/["'`]/g, ' ').trim().split(/\s+/)
  const program = words.find(word => !isBeforeProgram(word)) ?? ''
  return /^(?:\S*\/)?safe-(?:compose|docker)(?:\.js)?$/.test(program)
}

function isBeforeProgram(word: string): boolean {
  if (/^-|^\w+=|^\d+[smhd]?$/.test(word)) return true
  return wrappers.has(word.slice(word.lastIndexOf('/') + 1))
}
