import type { Facts } from '../../model/facts.ts'
import type { Finding, Remedy, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { holdingsToWeigh, weightOf } from '../displaced.ts'
import { dataInWords, displacedFinding, insteadInFile, wouldUseInWords } from '../displaced-finding.ts'
import { escapeName } from '../escape.ts'
import { expectedVolume, seenIn } from '../expected-mount.ts'
import { formerData, isBorneOut } from '../former-name.ts'
import type { FormerData } from '../former-name.ts'
import { volumeHolding } from '../holdings.ts'
import { asProject } from '../other-project.ts'

/**
 * The project has another name than before: its directory was renamed, `-p`, COMPOSE_PROJECT_NAME or `name:` came or
 * went, it is reached through a link, or another version of Compose spells it differently. Volumes are called after
 * the project, so that every one of them would be made anew.
 *
 * Nothing is deleted: the data stays in the volumes of the old name, and the application starts empty.
 */
export const projectNameChanged: Rule = {
  id: 'project-name-changed',
  title: 'under its new name the project would start on new, empty volumes',
  about:
    'Volumes are called after the project. When its name changes (a renamed directory, -p, COMPOSE_PROJECT_NAME, ' +
    'name:, a link, another version of Compose), `up` makes new, empty ones, and the data stays behind in those of ' +
    'the old name. Refused where a ledger or a container names this very directory; where volumes only look alike ' +
    'it is a warning. A second instance that runs somewhere else is left alone.',
  versions: 'all',
  instead: '-p OLD up -d, or volumes: { KEY: { name: OLD_KEY } }',
  leadsTo: ['replaced', 'warning'],
  citations: [
    'docker/compose#5406',
    'docker/compose#5874',
    'docker/compose#5901',
    'docker-archive/compose-cli#1871',
    'docker/compose#4002',
    'wger-project/docker#93',
    'Zipstack/unstract#1612',
    'moby/moby#31154',
  ],
  looksInto: (facts, invocation) => holdingsToWeigh(facts, formerData(facts, invocation)),
  check: (facts, invocation) => {
    const all = formerData(facts, invocation).filter(
      data => isBorneOut(facts, data) && isStillNew(facts, data) && weightOf(facts, data) !== 'none',
    )
    return bestOfEach(facts, all).map(data => findingOf(facts, invocation, data))
  },
}

/** Where the new name has data of its own already, it is a second instance, and nothing changes by starting it. */
function isStillNew(facts: Facts, { expected }: FormerData): boolean {
  const volume = expectedVolume(facts, expected)
  return volume === null || seenIn(facts, volumeHolding(volume))?.empty !== false
}

/** One candidate for each place: a database first, then the one written last. */
function bestOfEach(facts: Facts, all: readonly FormerData[]): readonly FormerData[] {
  const sorted = all.toSorted((a, b) => rank(b) - rank(a) || lastWrite(b) - lastWrite(a))
  return sorted.filter(
    (each, index) =>
      sorted.findIndex(other => other.service.name === each.service.name && other.path === each.path) ===
      index,
  )

  function rank(data: FormerData): number {
    return seenIn(facts, data.holding)?.database ? 1 : 0
  }

  function lastWrite({ holding }: FormerData): number {
    const at = seenIn(facts, holding)?.lastWrite
    return at === null || at === undefined ? 0 : Date.parse(at)
  }
}

function findingOf(facts: Facts, invocation: Invocation, data: FormerData): Finding {
  const isSure = data.proof === 'place' && weightOf(facts, data) === 'grave' && isKnownNew(facts, data)
  const service = escapeName(data.service.name)
  const old = escapeName(data.project)
  const run = asProject(invocation, data.project)
  const remedies: readonly Remedy[] = run === null ? [] : [{ kind: 'run', ...run }]
  const because = isSure
    ? `${service} would start on ${wouldUseInWords(facts, data)}; its data is in ${dataInWords(facts, data)}, of project ${old}, as this one was called`
    : `${service} would start on ${wouldUseInWords(facts, data)}; ${dataInWords(facts, data)} of project ${old} looks like its data`
  const finding = displacedFinding('project-name-changed', facts, data, {
    because,
    instead: run?.words ?? insteadInFile(data),
    warning: !isSure,
  })
  const named: readonly Remedy[] = [
    { kind: 'advice', line: `name: ${old} as the first line of the Compose file` },
  ]
  return { ...finding, remedies: [...(finding.remedies ?? []), ...remedies, ...named] }
}

/** It does not exist yet, or was seen to be empty. */
function isKnownNew(facts: Facts, { expected }: FormerData): boolean {
  const volume = expectedVolume(facts, expected)
  return volume === null || seenIn(facts, volumeHolding(volume))?.empty === true
}
