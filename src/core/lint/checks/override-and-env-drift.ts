import { escapeName } from '../../escape.ts'
import { listed } from '../../format.ts'
import type { LintCheck, Remark } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'
import type { Located } from '../project.ts'
import { substitute } from '../variables.ts'

/** A name or a place of data that another `.env` changes, or that is half empty without one. */
export const overrideAndEnvDrift: LintCheck = {
  id: 'override-and-env-drift',
  title: 'an unset variable leads to other data',
  level: 'warning',
  check: project => [
    ...open(project.name, 'the name of the project'),
    ...project.volumes.flatMap(volume => open(volume.name, `the name of ${escapeName(volume.key)}`)),
    ...storesOf(project).flatMap(store =>
      dataMounts(store).flatMap(({ rawTarget, at }) =>
        open({ text: rawTarget, at }, `the place of the data of ${escapeName(store.service.name)}`),
      ),
    ),
  ],
}

function open(located: Located | null, what: string): readonly Remark[] {
  const names = located === null ? [] : substitute(located.text).open
  if (located === null || names.length === 0) return []
  const all = listed([...new Set(names)].map(escapeName))
  return [
    {
      at: located.at,
      message: `${what} depends on ${all}: where it is not set, other data is used`,
      instead: `\${${escapeName(names[0] ?? '')}:?say which}`,
    },
  ]
}
