import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { removedAnonymousFindings } from '../anonymous-finding.ts'
import { commandLine } from '../command-line.ts'
import { keepsItsOwnData } from '../deleted-volumes.ts'
import type { DivergedVolume } from '../diverged-volumes.ts'
import { divergedVolumes } from '../diverged-volumes.ts'
import { escapeName } from '../escape.ts'
import { usersOf, volumeHolding } from '../holdings.ts'
import { keepTheData } from '../keep-the-data.ts'
import { commandOf } from '../reach.ts'
import { findRemovals } from '../removal.ts'

/**
 * From 2.32 on, a volume whose definition in the file was edited (a label is enough) is destroyed and created empty if
 * the question gets a yes: from `--yes` without a word, from a `y` on standard input, from a person.
 *
 * Lost: the volume, and the containers that mount it with their anonymous volumes. Kept: volumes that Compose before
 * 2.32 made (they carry no hash), and volumes that another project's container holds. No answer means no.
 */
export const volumeDivergedYes: Rule = {
  id: 'volume-diverged-yes',
  title: 'a changed volume definition, answered with yes, destroys the volume',
  about:
    'From 2.32 on, `up`, `create`, `run`, `scale` and `watch` offer to recreate a volume whose definition changed: a ' +
    'label is enough. `--yes` agrees without a word, and so does a `y` in data piped into Compose. Without a terminal, ' +
    'without data and without --yes the answer is no and the old volume is used.',
  leadsTo: ['destroyed', 'destroyed-if-confirmed', 'orphaned'],
  versions: 'from 2.32',
  instead: 'take the change of the volume out of the file, or run it without --yes',
  citations: ['docker/compose#10060', 'docker/compose#12363', 'docker/compose#9203'],
  check: (facts, invocation, circumstances) =>
    divergedVolumes(facts, invocation, circumstances).flatMap(diverged => [
      ...volumeFindings(facts, invocation, diverged),
      ...anonymousFindings(facts, invocation, circumstances, diverged),
    ]),
}

function volumeFindings(facts: Facts, invocation: Invocation, diverged: DivergedVolume): readonly Finding[] {
  const { volume, declared, heldBy } = diverged
  if (heldBy.length > 0 || !keepsItsOwnData(volume)) return []
  const name = escapeName(volume.name)
  return [
    {
      rule: 'volume-diverged-yes',
      outcome: 'destroyed',
      holding: volumeHolding(volume),
      because: `${commandOf(invocation)} destroys ${name} and creates it empty, because its definition changed ${answerWords(diverged)}`,
      evidence: [
        `the definition of ${escapeName(declared.key)} in the file has another hash than the volume's label says`,
        `volume ${name}, created ${volume.createdAt}`,
      ],
      usedBy: usersOf(facts, volume).map(escapeName),
      instead: insteadOf(invocation),
      canBackUp: true,
      ...asking(diverged),
    },
  ]
}

/** The containers that mount the volume are removed before it; nobody hands their anonymous volumes on. */
function anonymousFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  diverged: DivergedVolume,
): readonly Finding[] {
  const removals = findRemovals(facts, invocation, circumstances).filter(
    removal => removal.by === 'diverged-volume' && diverged.removed.includes(removal.container),
  )
  return removedAnonymousFindings(
    'volume-diverged-yes',
    removals,
    { facts, invocation, circumstances },
    {
      by: () => `${commandOf(invocation)} recreates ${escapeName(diverged.volume.name)}, and`,
      instead: insteadOf(invocation),
    },
  )
}

function insteadOf(invocation: Invocation): string | null {
  const kept = keepTheData(invocation)
  return kept === null ? null : commandLine(invocation, kept)
}

function answerWords({ answer }: DivergedVolume): string {
  switch (answer) {
    case 'yes':
      return 'and --yes agrees to it'
    case 'data':
      return 'and what is piped into it may say yes'
    case 'terminal':
      return 'and you may answer yes to Compose'
  }
}

function asking({ answer }: DivergedVolume): { readonly composeAsks?: true } {
  return answer === 'terminal' ? { composeAsks: true } : {}
}
