import { escapeName } from '../../escape.ts'
import { listed } from '../../format.ts'
import type { LintCheck, Remark } from '../check.ts'
import type { LintVolume } from '../project.ts'

/** A volume that is said to be somebody else's, and at the same time what it shall be: Compose refuses. */
export const externalMissing: LintCheck = {
  id: 'external-missing',
  title: 'an external volume contradicts itself',
  level: 'error',
  check: project => project.volumes.flatMap(volume => [...twoNames(volume), ...describedToo(volume)]),
}

function twoNames({ key, name, externalName }: LintVolume): readonly Remark[] {
  if (name === null || externalName === null || name.text === externalName.text) return []
  return [
    {
      at: externalName.at,
      message: `${escapeName(key)} has two names: ${escapeName(name.text)}, and ${escapeName(externalName.text)} as an external volume`,
      instead: `name: and external: true`,
    },
  ]
}

function describedToo({ key, external, described }: LintVolume): readonly Remark[] {
  const [first] = described
  if (external?.on !== true || first === undefined) return []
  return [
    {
      at: first.at,
      message: `${escapeName(key)} is external, and has ${listed(described.map(({ text }) => text))}: Compose takes an external volume as it is`,
      instead: 'leave it out, or external: true',
    },
  ]
}
