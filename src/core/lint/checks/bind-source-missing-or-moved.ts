import { escapeName } from '../../escape.ts'
import { listed } from '../../format.ts'
import type { LintCheck } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'
import { substitute } from '../variables.ts'

/** `${DATA_DIR}/pgdata` is `/pgdata` where the variable is not set: Docker makes it, and the database starts empty. */
export const bindSourceMissingOrMoved: LintCheck = {
  id: 'bind-source-missing-or-moved',
  title: 'an unset variable leads to an empty directory',
  level: 'warning',
  check: project =>
    storesOf(project).flatMap(store =>
      dataMounts(store).flatMap(({ source, at }) => {
        const { text, open } = substitute(source ?? '')
        if (open.length === 0) return []
        return [
          {
            at,
            message: `the data of ${escapeName(store.service.name)} lies where ${listed(open.map(escapeName))} says: where it is not set, that is ${text === '' ? 'nowhere' : escapeName(text)}`,
            instead: `\${${escapeName(open[0] ?? '')}:?say where}`,
          },
        ]
      }),
    ),
}
