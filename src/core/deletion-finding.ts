import type { Facts } from '../model/facts.ts'
import type { Circumstances, Finding } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { commandLine } from './command-line.ts'
import type { DeletedVolume } from './deleted-volumes.ts'
import { deletedVolumes, projectOf } from './deleted-volumes.ts'
import { escapeName } from './escape.ts'
import { usersOf, volumeHolding } from './holdings.ts'
import { keepTheData } from './keep-the-data.ts'

/** What one rule says about the volumes that `down --volumes` deletes: those that no other rule tells more about. */
export function deletionFindings(
  rule: DeletedVolume['rule'],
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  const kept = keepTheData(invocation)
  return deletedVolumes(facts, invocation, circumstances)
    .filter(deleted => deleted.rule === rule)
    .map(deleted => {
      const usedBy = usersOf(facts, deleted.volume).map(escapeName)
      return {
        rule,
        outcome: 'destroyed',
        holding: volumeHolding(deleted.volume),
        because: becauseOf(deleted, facts, usedBy),
        evidence: evidenceOf(deleted, facts, usedBy),
        usedBy,
        instead: kept === null ? null : commandLine(invocation, kept),
        canBackUp: true,
      }
    })
}

function becauseOf({ rule, volume }: DeletedVolume, facts: Facts, usedBy: readonly string[]): string {
  const name = escapeName(volume.name)
  const project = escapeName(facts.project.name)
  const used = usedBy.length === 0 ? 'which no service uses now' : `used by ${usedBy.join(', ')}`
  switch (rule) {
    case 'down-volumes':
      return `down --volumes deletes ${name}, ${used}`
    case 'down-v-service':
      return `down --volumes deletes ${name}, ${used}, and not only what belongs to the services named`
    case 'label-mode-down':
      return `down --volumes deletes ${name}, because it carries the label of project ${project}, whatever the file says`
    case 'foreign-named-volume': {
      const owner = projectOf(volume)
      return owner === null
        ? `down --volumes deletes ${name}, which was not made by Compose`
        : `down --volumes deletes ${name}, which project ${escapeName(owner)} made`
    }
  }
}

function evidenceOf(
  { volume, declared, rule }: DeletedVolume,
  facts: Facts,
  usedBy: readonly string[],
): readonly string[] {
  const owner = projectOf(volume)
  return [
    `volume ${escapeName(volume.name)}, created ${volume.createdAt}`,
    owner === null
      ? 'it carries no label of a project'
      : `it carries the label of project ${escapeName(owner)}`,
    declared === null ? 'no file declares it' : `the file declares it as ${escapeName(declared.key)}`,
    declared?.external === true ? 'the file calls it external, which does not protect it here' : null,
    rule === 'label-mode-down' && facts.modelError !== null ? 'the file cannot be read' : null,
    usedBy.length === 0 ? null : `used by ${usedBy.join(', ')}`,
  ].filter(line => line !== null)
}
