import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Host } from '../../model/ports.ts'

/** The clock, chance, and who we are among the processes of this machine. */
export function openHost(self: {
  readonly pid: number
  readonly hostname: string
  /** Whether a process of this number runs, asked only where there is no /proc. */
  readonly runs: (pid: number) => boolean
}): Host {
  const startTime = (pid: number): Promise<string | null> => startTimeOf(pid, self.runs)
  const key = randomBytes(32)
  return {
    now: () => new Date(),
    random: bytes => randomBytes(bytes),
    sha256: text => createHash('sha256').update(text).digest('hex'),
    seal: text => `sealed ${createHmac('sha256', key).update(text).digest('hex').slice(0, 12)}`,
    owner: async () => ({
      host: self.hostname,
      bootId: await bootId(),
      pid: self.pid,
      startedAt: (await startTime(self.pid)) ?? '',
    }),
    isAlive: async owner => {
      if (owner.host !== self.hostname) return true
      if (owner.bootId !== (await bootId())) return false
      return (await startTime(owner.pid)) === owner.startedAt
    },
  }
}

/** Changes at every boot, so that a process id from before the last one is known to be dead. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return 'unknown'
  }
}

/**
 * When a process started, in clock ticks since boot: with the process id it tells one process from a later one with
 * the same number. Null when there is no such process. Without /proc a living process id has to do.
 */
async function startTimeOf(pid: number, runs: (pid: number) => boolean): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0]
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? null)
  } catch {
    return !(await hasProc()) && runs(pid) ? 'running' : null
  }
}

async function hasProc(): Promise<boolean> {
  return readFile('/proc/self/stat').then(
    () => true,
    () => false,
  )
}
