import { setTimeout as pause } from 'node:timers/promises'
import { channelNames, wants } from '../../core/channels.ts'
import { plural } from '../../core/format.ts'
import { escapedNotice } from '../../core/notice-text.ts'
import { minuteOf } from '../../core/outcome.ts'
import { sortWaiting } from '../../core/waiting-notices.ts'
import type { WaitingNotice } from '../../core/waiting-notices.ts'
import type { Channel } from '../../model/channel.ts'
import type { Reporter } from '../../model/event.ts'
import type { Notice } from '../../model/notice.ts'
import type { Notifier } from '../../model/ports.ts'
import type { SecretPlaces } from './secrets.ts'
import { send } from './send.ts'
import type { SendLimits } from './send.ts'
import { Undelivered } from './undelivered.ts'

export interface NotifierWords extends SecretPlaces {
  readonly channels: readonly Channel[]
  readonly reporter: Reporter
  readonly now: () => Date
  readonly spool: NoticeSpool
  readonly limits?: SendLimits
  /** Milliseconds to wait before each further try. */
  readonly pauses?: readonly number[]
}

/** Where notices wait that could not be delivered. */
export interface NoticeSpool {
  readonly put: (channel: string, notice: Notice) => Promise<void>
  readonly list: () => Promise<readonly WaitingNotice[]>
  readonly remove: (id: string) => Promise<void>
}

const usualLimits: SendLimits = { network: 10_000, command: 30_000 }
const usualPauses = [1000, 4000]

/** The longest that is waited because the other side asks for it, in milliseconds. Longer than that is what waiting in the spool is for. */
const longestPause = 10_000

/**
 * Tells all channels at once, each with a time limit and a few tries. What does not arrive is kept and sent again when
 * there is something to tell the next time: it may arrive twice if we are killed in between, or
 * two runs end at once, and is not lost.
 */
export function openNotifier(words: NotifierWords): Notifier {
  const { channels, spool } = words
  const names = channelNames(channels)
  return {
    tell: async notice => {
      const waiting = await waitingOf(words)
      await Promise.all(
        channels.map((channel, index) => {
          const name = names[index] ?? ''
          const ofChannel = waiting.filter(each => each.channel === name)
          return tellOne(words, { name, channel, waiting: ofChannel }, escapedNotice(notice))
        }),
      )
    },
    test: async (channel, notice) => {
      const begun = performance.now()
      const why = await send(channel, escapedNotice(notice), words, words.limits ?? usualLimits).then(
        () => null,
        whyNot,
      )
      return { why, milliseconds: Math.round(performance.now() - begun) }
    },
    waiting: async () =>
      sortWaiting(await spool.list(), names, words.now()).send.map(({ channel }) => channel),
  }
}

/** What is given up is said, once. */
async function waitingOf({
  channels,
  spool,
  reporter,
  now,
}: NotifierWords): Promise<readonly WaitingNotice[]> {
  if (channels.length === 0) return []
  const { send: left, drop } = sortWaiting(await spool.list(), channelNames(channels), now())
  for (const { id } of drop) await spool.remove(id)
  if (drop.length > 0)
    reporter.say({
      type: 'warning',
      text: `${plural(drop.length, 'notice')} that could not be delivered for a long time ${drop.length === 1 ? 'was' : 'were'} given up`,
    })
  return left
}

/** A channel, and what waits for it. */
interface Recipient {
  readonly name: string
  readonly channel: Channel
  readonly waiting: readonly WaitingNotice[]
}

async function tellOne(words: NotifierWords, recipient: Recipient, notice: Notice): Promise<void> {
  const { channel } = recipient
  const why = wants(channel, notice) ? await tryToSend(words, channel, notice) : null
  if (why === null) await sendWaiting(words, recipient)
  else await notDelivered(words, recipient, notice, why)
}

/** What waited goes out in the order in which it happened, up to the first that still cannot be delivered. */
async function sendWaiting(words: NotifierWords, { name, channel, waiting }: Recipient): Promise<void> {
  const { reporter, spool, limits = usualLimits } = words
  let sent = 0
  for (const { id, notice } of waiting) {
    const details = [`(late: this is from ${minuteOf(notice.at)})`, ...notice.details]
    const why = await send(channel, { ...notice, details }, words, limits).then(() => null, whyNot)
    if (why !== null) {
      const left = `${plural(waiting.length - sent, 'notice')} kept for the next time`
      reporter.say({ type: 'warning', text: `${name} still cannot be told: ${why}; ${left}` })
      return
    }
    await spool.remove(id)
    sent++
  }
  if (sent > 0) reporter.say({ type: 'warning', text: `${name} was told late of ${plural(sent, 'notice')}` })
}

/** Tries until it arrives or is refused for good. Why it did not arrive; null when it did. */
async function tryToSend(words: NotifierWords, channel: Channel, notice: Notice): Promise<string | null> {
  const { limits = usualLimits, pauses = usualPauses } = words
  for (let tried = 0; ; tried++) {
    try {
      await send(channel, notice, words, limits)
      return null
    } catch (error) {
      const wait = pauses[tried]
      const mayArrive = error instanceof Undelivered && error.transient
      if (!mayArrive || wait === undefined || (error.after ?? 0) > longestPause) return whyNot(error)
      await pause(Math.max(wait, error.after ?? 0))
    }
  }
}

async function notDelivered(
  { reporter, spool }: NotifierWords,
  { name, channel }: Recipient,
  notice: Notice,
  why: string,
): Promise<void> {
  // A ping says how things are now: a late one would be wrong.
  const kept =
    channel.kind !== 'ping' &&
    (await spool.put(name, notice).then(
      () => true,
      () => false,
    ))
  const then = kept ? '; it is sent again with the next notice' : ''
  reporter.say({ type: 'warning', text: `${name} could not be told: ${why}${then}` })
}

function whyNot(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
