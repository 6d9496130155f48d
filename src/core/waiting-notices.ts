import type { Notice } from '../model/notice.ts'

/** A notice that could not be delivered yet. */
export interface WaitingNotice {
  readonly id: string
  /** The channel's name. */
  readonly channel: string
  readonly notice: Notice
}

/** After so many milliseconds nobody wants to know any more. */
const longest = 7 * 86_400_000

/** So many wait for each channel, the newest ones. */
const most = 20

/**
 * What of the waiting notices is to be sent to these channels, oldest first, and what is given up: too old, or too many for
 * one channel. What waits for a channel that is not among them is left: another project may have it.
 */
export function sortWaiting(
  waiting: readonly WaitingNotice[],
  channels: readonly string[],
  now: Date,
): { readonly send: readonly WaitingNotice[]; readonly drop: readonly WaitingNotice[] } {
  const oldestFirst = waiting.toSorted((a, b) => Date.parse(a.notice.at) - Date.parse(b.notice.at))
  const kept = (name: string): readonly WaitingNotice[] =>
    oldestFirst.filter(({ channel, notice }) => channel === name && !isTooOld(notice, now)).slice(-most)
  const keptOfAll = [...new Set(waiting.map(({ channel }) => channel))].flatMap(kept)
  return { send: channels.flatMap(kept), drop: oldestFirst.filter(each => !keptOfAll.includes(each)) }
}

function isTooOld({ at }: Notice, now: Date): boolean {
  return !(now.getTime() - Date.parse(at) <= longest)
}
