import type { Notice } from '../model/notice.ts'
import { escapeName } from './escape.ts'
import { minuteOf } from './outcome.ts'

/** A notice whose texts hold no control characters: they end up in headers, variables and on other people's screens. */
export function escapedNotice(notice: Notice): Notice {
  const { project, host, summary, details, restorePoint } = notice
  return {
    ...notice,
    project: project === null ? null : escapeName(project),
    host: escapeName(host),
    summary: escapeName(summary),
    details: details.map(escapeName),
    restorePoint: restorePoint === null ? null : escapeName(restorePoint),
  }
}

const signs: Readonly<Record<Notice['kind'], string>> = {
  failed: '❌',
  stale: '⚠️',
  recovered: '✅',
  succeeded: '✅',
}

/** The first line of a message. */
export function headlineOf({ kind, summary }: Notice): string {
  return `${signs[kind]} ${summary}`
}

/** What follows it, a line each; the last one says where and when, since a message may come late. */
export function bodyOf({ details, restorePoint, host, at }: Notice): readonly string[] {
  return [
    ...details,
    [...(restorePoint === null ? [] : [`restore point ${restorePoint}`]), `host ${host}`, minuteOf(at)].join(
      ' · ',
    ),
  ]
}

/** All of it, at most so many characters: what is too long is cut in the middle, since the end says what to do. */
export function messageOf(notice: Notice, most: number): string {
  return shortened([headlineOf(notice), ...bodyOf(notice)].join('\n'), most)
}

function shortened(text: string, most: number): string {
  const characters = [...text]
  if (characters.length <= most) return text
  const kept = most - 3
  const end = Math.floor(kept / 2)
  return `${characters.slice(0, kept - end).join('')}\n…\n${characters.slice(-end).join('')}`
}
