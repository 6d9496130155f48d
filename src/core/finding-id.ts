import type { Finding } from '../model/finding.ts'
import { identityOfHolding } from '../model/holding.ts'

/** A name for a finding that stays as long as the holding does: `down-volumes/3f2a`. */
export function findingId(
  { rule, holding }: Pick<Finding, 'rule' | 'holding'>,
  sha256: (text: string) => string,
): string {
  return `${rule}/${sha256(`${rule}\n${identityOfHolding(holding)}`).slice(0, 4)}`
}
