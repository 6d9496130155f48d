import { escapeName } from '../core/escape.ts'
import { formatBytes, listed } from '../core/format.ts'
import type { DecidedStake } from '../model/decision.ts'
import type { Finding, Remedy, Replacement, Stake } from '../model/finding.ts'
import { columns } from './columns.ts'
import { composeLine, lastWriteOf, nameOf, quoted, sameProjectLine, sizeOf } from './words.ts'

/** A finding that says what the service would start on in place of its data. */
export type ElsewhereFinding = Finding & { readonly wouldUse: Replacement }

/** The stakes whose service would start on something else than its data. */
export function elsewhere(
  stakes: readonly DecidedStake[],
): readonly (DecidedStake & { readonly stake: Stake & { readonly finding: ElsewhereFinding } })[] {
  return stakes.filter(
    (each): each is DecidedStake & { stake: Stake & { finding: ElsewhereFinding } } =>
      each.stake.finding.wouldUse !== undefined && each.stake.finding.warning !== true,
  )
}

/** What would be used, what holds the data, and why: a block for a person. */
export function elsewhereBlock(
  { finding, contents }: Stake & { readonly finding: ElsewhereFinding },
  now: Date,
): readonly string[] {
  const { wouldUse } = finding
  const label = contents?.database?.label
  const rows = [
    ['  would be used', escapeName(wouldUse.name), stateWords[wouldUse.state]],
    [
      '  holds the data',
      nameOf(finding.holding),
      [label === undefined ? null : escapeName(label), sizeOf(contents), lastWriteOf(contents, now)]
        .filter(word => word !== null)
        .join('   '),
    ],
  ]
  return [
    `safe-compose: ${listed(finding.usedBy.map(escapeName)) || 'a service'} would start on ${startWords[wouldUse.state]}, and its data is in another place`,
    '',
    ...columns(rows, '   '),
    '',
    `  why: ${escapeName(finding.because)}`,
    ...finding.evidence.map(line => `       ${escapeName(line)}`),
    '',
  ]
}

/** `start db on shop-v2_pgdata, which does not exist yet; its data is in shop_pgdata (PostgreSQL 15, 1.2 GB)`. */
export function elsewhereDeed(
  { finding, contents }: Stake & { readonly finding: ElsewhereFinding },
  now: Date,
): string {
  const services = listed(finding.usedBy.map(escapeName)) || 'a service'
  const state = stateWords[finding.wouldUse.state]
  const facts = [
    contents?.database === null || contents?.database === undefined
      ? null
      : escapeName(contents.database.label),
    contents?.bytes === null || contents?.bytes === undefined ? null : formatBytes(contents.bytes),
    lastWriteOf(contents, now),
  ].filter(fact => fact !== null)
  const inWords = facts.length === 0 ? '' : ` (${facts.join(', ')})`
  return (
    `start ${services} on ${escapeName(finding.wouldUse.name)}${state === '' ? '' : `, which ${state}`}; ` +
    `its data is in ${nameOf(finding.holding)}${inWords}`
  )
}

/** The ways out, as lines to be typed, the best first. */
export function remedyLines(command: readonly string[], findings: readonly Finding[]): readonly string[] {
  const rows = uniqueRemedies(findings).map(remedy => {
    switch (remedy.kind) {
      case 'pin':
        return [
          '  Use the old data:',
          sameProjectLine(command, ['adopt', remedy.volume, '--as', remedy.key]),
          `(writes \`name: ${escapeName(remedy.volume)}\` into the Compose file)`,
        ]
      case 'run':
        return ['  Use it this time only:', composeLine(remedy.argv), '']
      case 'advice':
        return ['  Instead:', escapeName(remedy.line), '']
    }
  })
  return columns(rows, '  ')
}

/** What a choice of the prompt is called. */
export function remedyChoice(remedy: Exclude<Remedy, { kind: 'advice' }>): string {
  return remedy.kind === 'pin'
    ? `Use the old data: write \`name: ${escapeName(remedy.volume)}\` into the Compose file (shows the change first)`
    : `Use the old data this time only: ${remedy.words}`
}

/** Each remedy once, in order. */
export function uniqueRemedies(findings: readonly Finding[]): readonly Remedy[] {
  const all = findings.flatMap(finding => finding.remedies ?? [])
  return [...new Map(all.map(remedy => [keyOf(remedy), remedy])).values()]
}

function keyOf(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'pin':
      return `pin ${remedy.key} ${remedy.volume}`
    case 'run':
      return quoted(remedy.argv)
    case 'advice':
      return remedy.line
  }
}

const stateWords: Readonly<Record<Replacement['state'], string>> = {
  missing: 'does not exist yet',
  empty: 'is empty',
  filled: 'holds other data',
  unknown: '',
}

const startWords: Readonly<Record<Replacement['state'], string>> = {
  missing: 'a NEW, EMPTY volume',
  empty: 'an EMPTY volume',
  filled: 'OTHER data',
  unknown: 'something else',
}
