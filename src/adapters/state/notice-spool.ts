import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { noticeJobs, noticeKinds } from '../../core/channel-configuration.ts'
import type { WaitingNotice } from '../../core/waiting-notices.ts'
import type { Notice } from '../../model/notice.ts'
import { writeAtomically } from './write-atomically.ts'

/** Notices that could not be delivered yet, a file each in the user's own state. They hold no address and no secret. */
export function openNoticeSpool(
  folder: string,
  random: (bytes: number) => Uint8Array,
): {
  /** Throws where it cannot be written. */
  readonly put: (channel: string, notice: Notice) => Promise<void>
  /** Those that can be read; never throws. */
  readonly list: () => Promise<readonly WaitingNotice[]>
  readonly remove: (id: string) => Promise<void>
} {
  return {
    put: async (channel, notice) => {
      const id = `${notice.at.replaceAll(/[^0-9TZ]/g, '')}-${Buffer.from(random(4)).toString('hex')}`
      await writeAtomically(join(folder, `${id}.json`), `${JSON.stringify({ format: 1, channel, notice })}\n`)
    },
    list: async () => {
      const names = await readdir(folder).catch(() => [])
      const read = await Promise.all(names.filter(isNotice).map(name => readWaiting(folder, name)))
      return read.filter(each => each !== null)
    },
    remove: async id => rm(join(folder, `${id}.json`), { force: true }).catch(() => {}),
  }
}

function isNotice(name: string): boolean {
  return /^[0-9TZ]+-[0-9a-f]+\.json$/.test(name)
}

async function readWaiting(folder: string, name: string): Promise<WaitingNotice | null> {
  try {
    const value = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      readonly channel?: unknown
      readonly notice?: unknown
    } | null
    const { channel, notice } = value ?? {}
    if (typeof channel !== 'string' || !isNoticeValue(notice)) return null
    return { id: name.slice(0, -'.json'.length), channel, notice }
  } catch {
    return null
  }
}

function isNoticeValue(value: unknown): value is Notice {
  if (typeof value !== 'object' || value === null) return false
  const { kind, job, project, host, at, summary, details, restorePoint } = value as Record<string, unknown>
  const isTextOrNull = (each: unknown): boolean => each === null || typeof each === 'string'
  return (
    noticeKinds.some(each => each === kind) &&
    noticeJobs.some(each => each === job) &&
    [host, at, summary].every(each => typeof each === 'string') &&
    [project, restorePoint].every(isTextOrNull) &&
    Array.isArray(details) &&
    details.every(each => typeof each === 'string')
  )
}
