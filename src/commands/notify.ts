import { channelNames } from '../core/channels.ts'
import type { Channel } from '../model/channel.ts'
import { Stop } from '../model/failure.ts'
import type { Notice } from '../model/notice.ts'
import type { Context } from './context.ts'

export interface NotifyOptions {
  readonly test: boolean
  /** Counted from 1; null for all. */
  readonly channel: number | null
  readonly json: boolean
}

export interface ChannelRow {
  /** As `--channel` takes it. */
  readonly number: number
  readonly channel: string
  readonly on: readonly Notice['kind'][]
  /** Notices that could not be delivered yet. */
  readonly waiting: number
}

export interface TestRow {
  readonly number: number
  readonly channel: string
  /** Null where it arrived. */
  readonly why: string | null
  readonly milliseconds: number
}

export interface NotifyTables {
  readonly channels: (rows: readonly ChannelRow[]) => string
  readonly channelTests: (rows: readonly TestRow[]) => string
}

/** `notify`: who is told of what; with `test` each channel gets a notice. 1 where one does not arrive. */
export async function notify(
  context: Context,
  options: NotifyOptions,
  tables: NotifyTables,
): Promise<number> {
  const { test, json } = options
  const chosen = chooseChannels(context.policy.channels, options.channel)
  if (!test) {
    const waiting = await context.notifier.waiting()
    const rows = chosen.map(({ number, name, channel }) => ({
      number,
      channel: name,
      on: channel.on,
      waiting: waiting.filter(each => each === name).length,
    }))
    context.print(json ? `${JSON.stringify(rows, null, 2)}\n` : tables.channels(rows))
    return 0
  }
  const notice = await testNotice(context)
  const rows = await Promise.all(
    chosen.map(async ({ number, name, channel }) => ({
      number,
      channel: name,
      ...(await context.interruption.race(context.notifier.test(channel, notice))),
    })),
  )
  context.print(json ? `${JSON.stringify(rows, null, 2)}\n` : tables.channelTests(rows))
  return rows.every(({ why }) => why === null) ? 0 : 1
}

interface Chosen {
  readonly number: number
  readonly name: string
  readonly channel: Channel
}

function chooseChannels(channels: readonly Channel[], number: number | null): readonly Chosen[] {
  if (channels.length === 0)
    throw new Stop({
      reason: 'not-possible',
      what: 'there is nobody to tell: no channel is configured',
      how: 'write one into ~/.config/safe-compose/config.yaml: notify: { channels: [{ kind: slack, urlFile: /path }] }',
    })
  const names = channelNames(channels)
  const all = channels.map((channel, index) => ({ number: index + 1, name: names[index] ?? '', channel }))
  const chosen = number === null ? all : all.filter(each => each.number === number)
  if (chosen.length > 0) return chosen
  throw new Stop({
    reason: 'bad-usage',
    what: `there is no channel ${number}`,
    how: `there are: ${all.map(each => `${each.number} ${each.name}`).join(', ')}`,
  })
}

/** A success, so that nobody is called out, and a ping goes on waiting for the next one. */
async function testNotice(context: Context): Promise<Notice> {
  const { host } = await context.host.owner()
  return {
    kind: 'succeeded',
    job: 'backup',
    project: null,
    host,
    at: context.host.now().toISOString(),
    summary: `test of safe-compose on ${host}: nothing has happened`,
    details: ['it was sent by hand, to see whether it arrives'],
    restorePoint: null,
  }
}
