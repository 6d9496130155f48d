import { escapeName } from '../core/escape.ts'
import { formatDuration, plural } from '../core/format.ts'
import { columns } from './columns.ts'

/** Who is told of what. */
export function channelTable(
  rows: readonly {
    readonly number: number
    readonly channel: string
    readonly on: readonly string[]
    readonly waiting: number
  }[],
): string {
  return text([
    ...columns(
      [
        ['', 'CHANNEL', 'TOLD OF', 'NOT DELIVERED YET'],
        ...rows.map(({ number, channel, on, waiting }) => [
          String(number),
          escapeName(channel),
          on.length === 0 ? 'nothing' : on.join(', '),
          waiting === 0 ? 'nothing' : plural(waiting, 'notice'),
        ]),
      ],
      '   ',
    ),
    'see whether a notice arrives: safe-compose notify --test',
  ])
}

/** What came of a test of each. */
export function channelTestTable(
  rows: readonly {
    readonly number: number
    readonly channel: string
    readonly why: string | null
    readonly milliseconds: number
  }[],
): string {
  return text(
    columns(
      rows.map(({ number, channel, why, milliseconds }) => [
        why === null ? '✔' : '✗',
        String(number),
        escapeName(channel),
        why === null
          ? `arrived in ${formatDuration(milliseconds)}`
          : `did not arrive: ${escapeName(why)} (after ${formatDuration(milliseconds)})`,
      ]),
      '  ',
    ),
  )
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
