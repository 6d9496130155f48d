import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'

/** A database in a directory beside the file: every checkout has its own, and `git clean` takes it. */
export const relativeBind: LintCheck = {
  id: 'relative-bind',
  title: 'a database lies in a directory beside the file',
  level: 'warning',
  check: project =>
    storesOf(project).flatMap(store =>
      dataMounts(store)
        .filter(({ type, source }) => type === 'bind' && /^\.{1,2}(\/|$)/.test(source ?? ''))
        .map(mount => ({
          at: mount.at,
          message: `${escapeName(store.service.name)} keeps its data in ${escapeName(mount.source ?? '')}, relative to the project: another checkout, or a moved one, starts empty`,
          instead: `a named volume, or an absolute path: /srv/…:${escapeName(mount.target)}`,
        })),
    ),
}
