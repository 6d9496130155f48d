import type { Rule } from '../../model/finding.ts'
import { escapeName } from '../escape.ts'
import { flagList, flagText } from '../invocation.ts'

/**
 * `docker volume create NAME` under a name that is remembered with another driver or other options: the data would be
 * looked for where it never was.
 *
 * Nothing is lost by it. A volume of that name that stands already is left as it is.
 */
export const dockerVolumeRecreated: Rule = {
  id: 'docker-volume-recreated',
  judges: 'docker',
  title: 'docker volume create makes another volume than the one that is remembered',
  about:
    'A restore point holds a volume of this name that was made with another driver or other options (a directory, a ' +
    'network share). The new one has the name and lies elsewhere: what starts on it starts empty. Restoring the old ' +
    'one later needs the name.',
  leadsTo: ['warning'],
  versions: 'docker',
  instead: 'safe-docker restore ID --volume NAME, which makes it as it was',
  citations: ['moby/moby#16068', 'moby/moby#15998'],
  check: (facts, invocation, { reach }) => {
    const remembered = reach?.remembered ?? null
    if (remembered === null || facts.volumes.some(({ name }) => name === remembered.name)) return []
    const now = madeAs(flagText(invocation, 'driver') ?? 'local', optionsOf(flagList(invocation, 'opt')))
    const then = madeAs(remembered.driver, remembered.options)
    if (now === then) return []
    const { name, createdAt, restorePoint } = remembered
    return [
      {
        rule: 'docker-volume-recreated',
        outcome: 'hidden',
        holding: { kind: 'volume', name, createdAt },
        because: `${escapeName(name)} is in restore point ${restorePoint} as a volume ${then}; the new one would be ${now}`,
        evidence: [`volume ${escapeName(name)}, created ${createdAt}, is not on the engine any more`],
        usedBy: [],
        instead: `safe-docker restore ${restorePoint} --volume ${escapeName(name)}`,
        canBackUp: false,
        warning: true,
      },
    ]
  },
}

function madeAs(driver: string, options: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
  return escapeName(
    `of driver ${driver} ${pairs.length === 0 ? 'without options' : `with ${pairs.join(', ')}`}`,
  )
}

function optionsOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map(word => {
      const equals = word.indexOf('=')
      return equals < 0 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)]
    }),
  )
}
