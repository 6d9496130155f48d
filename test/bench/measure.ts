import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A command line to measure. */
export interface Command {
  readonly program: string
  readonly words: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly directory: string
}

export interface Measured {
  readonly milliseconds: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end and takes the time on the wall. Throws when it fails. */
export async function time(command: Command): Promise<Measured> {
  const started = process.hrtime.bigint()
  const { stdout, stderr } = await run(command, () => {})
  return { milliseconds: Number(process.hrtime.bigint() - started) / 1e6, stdout, stderr }
}

/** The highest resident memory, in bytes, of a command's own process and of everything that it started. */
export interface Peak {
  readonly own: number
  /** Of each child the highest, added up: they may not have been that high at the same moment. */
  readonly children: number
  readonly milliseconds: number
}

/** Runs a command to its end and watches its memory. The kernel keeps each process's peak; it is read every 10 ms. */
export async function peakMemory(command: Command): Promise<Peak> {
  const peaks = new Map<number, number>()
  let own = 0
  const look = (pid: number): void => {
    own = pid
    for (const each of familyOf(pid)) {
      const peak = peakOf(each)
      if (peak !== null) peaks.set(each, Math.max(peak, peaks.get(each) ?? 0))
    }
  }
  const started = Date.now()
  let timer: NodeJS.Timeout | undefined
  try {
    await run(command, pid => {
      timer = setInterval(() => look(pid), 10)
    })
  } finally {
    clearInterval(timer)
  }
  const children = [...peaks].filter(([pid]) => pid !== own).reduce((sum, [, peak]) => sum + peak, 0)
  const ownPeak = peaks.get(own)
  if (ownPeak === undefined) throw new Error(`${command.program} ended before its memory could be read`)
  return { own: ownPeak, children, milliseconds: Date.now() - started }
}

/**
 * Runs several commands in turn, `rounds` times, so that what else the machine does meets all of them alike; gives the
 * median of each, in milliseconds. A first round that warms caches is not counted.
 */
export async function roundRobin(
  commands: readonly Command[],
  rounds: number,
): Promise<readonly { readonly median: number; readonly least: number }[]> {
  const times = commands.map((): number[] => [])
  for (let round = 0; round <= rounds; round++)
    for (const [index, command] of commands.entries()) {
      const { milliseconds } = await time(command)
      if (round > 0) times[index]?.push(milliseconds)
    }
  return times.map(each => ({ median: median(each), least: Math.min(...each) }))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('the median of nothing')
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

function run(
  { program, words, variables, directory }: Command,
  onStart: (pid: number) => void,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words], {
      cwd: directory,
      env: { ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.pid !== undefined) onStart(child.pid)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ stdout, stderr })
      else
        reject(
          new Error(`${program} ${words.join(' ')} ended with ${signal ?? code}:\n${stderr.slice(-2000)}`),
        )
    })
  })
}

/** A process and all its descendants, as /proc has them. */
function familyOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = parentOf(Number(entry))
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const family = [pid]
  for (const member of family) family.push(...(children.get(member) ?? []))
  return family
}

function parentOf(pid: number): number | null {
  const text = readProc(pid, 'stat')
  // pid (name) state parent …; the name may hold anything, also a closing bracket.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields?.[1] === undefined ? null : Number(fields[1])
}

function peakOf(pid: number): number | null {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return null
  }
}
