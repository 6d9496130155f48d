import type { Finding, Remedy } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { otherCommand } from './command-line.ts'
import { escapeName } from './escape.ts'
import { commandOf } from './reach.ts'
import type { UnseenData } from './unseen-data.ts'

/** What a rule says about data that the container to come will not see. `because` and `ways` are the rule's own. */
export function unseenFinding(
  rule: string,
  unseen: UnseenData,
  invocation: Invocation,
  words: { readonly because: string; readonly ways: readonly string[] },
): Finding {
  const { service, holding, looks, wouldUse, coming } = unseen
  const replaced = coming.replaces
  return {
    rule,
    outcome: 'hidden',
    holding,
    because: words.because,
    evidence: [
      `${dataWords(unseen)} lies in ${placeWords(unseen)}`,
      `${escapeName(service.name)} will look at ${escapeName(looks.path)}: ${escapeName(wouldUse.name)}`,
      ...(replaced === null ? [] : [`container ${escapeName(replaced.name)} is replaced`]),
    ],
    usedBy: [escapeName(service.name)],
    instead:
      replaced !== null && commandOf(invocation) === 'up'
        ? otherCommand(invocation, ['up', '-d', '--no-recreate'])
        : null,
    canBackUp: true,
    wouldUse,
    remedies: words.ways.map((line): Remedy => ({ kind: 'advice', line })),
  }
}

/** `PostgreSQL 15`, or `the data of db` where nobody could look. */
export function dataWords({ label, service }: UnseenData): string {
  return label === null ? `the data of ${escapeName(service.name)}` : escapeName(label)
}

/** `shop_pgdata`, or `the folder pgdata of shop_pgdata`. */
export function placeWords({ name, folder }: UnseenData): string {
  return folder === '' ? name : `the folder ${escapeName(folder)} of ${name}`
}
