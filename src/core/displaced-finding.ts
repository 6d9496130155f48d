import type { Facts } from '../model/facts.ts'
import type { Finding, Remedy } from '../model/finding.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Displaced } from './displaced.ts'
import { escapeName } from './escape.ts'
import { replacementOf, seenIn, stateInWords } from './expected-mount.ts'

/** What a rule says about displaced data. */
export function displacedFinding(
  rule: string,
  facts: Facts,
  displaced: Displaced,
  what: {
    /** One sentence with the user's own names. */
    readonly because: string
    readonly evidence?: readonly string[]
    readonly remedies?: readonly Remedy[]
    readonly instead: string | null
    readonly warning: boolean
  },
): Finding {
  const { holding, service, expected } = displaced
  const wouldUse = replacementOf(facts, expected)
  return {
    rule,
    outcome: 'orphaned',
    holding,
    because: what.because,
    evidence: [...displaced.evidence, ...(what.evidence ?? []), ...wouldUseLine(wouldUse, displaced)],
    // Who would start without it: whoever else uses it goes on.
    usedBy: [escapeName(service.name)],
    instead: what.instead,
    canBackUp: true,
    wouldUse,
    remedies: [...(what.remedies ?? []), ...remediesInFile(displaced)],
    ...(what.warning ? { warning: true as const } : {}),
  }
}

function wouldUseLine(
  wouldUse: NonNullable<Finding['wouldUse']>,
  { service, path }: Displaced,
): readonly string[] {
  return [
    `${escapeName(service.name)} would have ${escapeName(wouldUse.name)} at ${escapeName(path)} (${wouldUse.state})`,
  ]
}

/** The line of the file that makes the service use its old data again. */
function remediesInFile({ expected, holding, service, path }: Displaced): readonly Remedy[] {
  const key = expected.declared?.key
  if (holding.kind === 'volume' && key !== undefined) return [{ kind: 'pin', key, volume: holding.name }]
  if (holding.kind === 'anonymous')
    return key === undefined
      ? []
      : [{ kind: 'advice', line: `safe-compose adopt ${holding.name} --as ${escapeName(key)}` }]
  return [
    {
      kind: 'advice',
      line: `under ${escapeName(service.name)}: volumes: [${escapeName(nameOfHolding(holding))}:${escapeName(path)}]`,
    },
  ]
}

/** The same in one line for where nothing can be chosen. */
export function insteadInFile({ expected, holding, service, path }: Displaced): string | null {
  const key = expected.declared?.key
  if (holding.kind === 'volume' && key !== undefined)
    return `volumes: { ${escapeName(key)}: { name: ${escapeName(holding.name)} } } in the Compose file`
  if (holding.kind === 'anonymous') return null
  return `${escapeName(nameOfHolding(holding))}:${escapeName(path)} among the volumes of ${escapeName(service.name)}`
}

/** `shop_pgdata2, which does not exist yet`. */
export function wouldUseInWords(facts: Facts, { expected }: Displaced): string {
  const wouldUse = replacementOf(facts, expected)
  if (expected.kind === 'anonymous') return 'a new, empty anonymous volume'
  if (expected.kind === 'tmpfs') return 'an empty tmpfs in memory'
  if (expected.kind === 'layer') return 'an empty directory of its container'
  return `${escapeName(wouldUse.name)},${stateInWords(wouldUse)}`
}

/** `its data is in shop_pgdata (PostgreSQL 15)`. */
export function dataInWords(facts: Facts, { holding }: Displaced): string {
  const label = seenIn(facts, holding)?.database?.label
  const name =
    holding.kind === 'anonymous'
      ? `the anonymous volume of ${escapeName(nameOfHolding(holding))}`
      : escapeName(nameOfHolding(holding))
  return label === undefined ? name : `${name} (${escapeName(label)})`
}
