import { isWithin } from '../../data-paths.ts'
import { escapeName } from '../../escape.ts'
import type { LintCheck, Remark } from '../check.ts'
import { coveringMount, hasVolume, isKept, placesOf } from '../coverage.ts'
import { isOfficialPostgres, postgresMajor, storesOf } from '../project.ts'
import type { LintStore } from '../project.ts'

/** A database's directory that no mount covers: its data is in an anonymous volume, which `down` leaves without a name. */
export const uncoveredDataPath: LintCheck = {
  id: 'uncovered-data-path',
  title: 'the data of a database lies in an anonymous volume',
  level: 'warning',
  check: project =>
    storesOf(project).flatMap(store => {
      if (store.service.isPartial || !hasVolume(store) || isMovedPostgres(store)) return []
      const covering = coveringMount(store)
      if (covering === null) return uncovered(store)
      if (covering.type !== 'volume' || covering.source !== null) return []
      const name = escapeName(store.service.name)
      return [
        {
          at: covering.at,
          message: `${name} keeps its data in an anonymous volume at ${escapeName(covering.target)}, which \`down\` leaves without a name`,
          instead: `${name}_data:${escapeName(covering.target)}`,
        },
      ]
    }),
}

function uncovered(store: LintStore): readonly Remark[] {
  const { service, image } = store
  const { data } = placesOf(store)
  const path = data[0] ?? ''
  const near = service.mounts.find(mount => mount.target !== '/' && isWithin(path, mount.target))
  if (near === undefined && !isKept(store)) return []
  const name = escapeName(service.name)
  const instead = `${near?.source ?? `${name}_data`}:${path}`
  const message =
    near === undefined
      ? `${name} (${escapeName(image.text)}) keeps its data in ${path}, and no mount covers it: it lies in an anonymous volume`
      : `${name} mounts ${escapeName(near.source ?? 'a volume')} at ${escapeName(near.target)}, but its data goes to an anonymous volume at ${path} below it`
  return [{ at: near?.at ?? image.at, message, instead }]
}

/** PostgreSQL 18 with a mount where its data was before: a check of its own. */
function isMovedPostgres(store: LintStore): boolean {
  return (
    isOfficialPostgres(store) &&
    (postgresMajor(store.tag) ?? 0) >= 18 &&
    store.service.mounts.some(({ target }) => isWithin(target, '/var/lib/postgresql/data'))
  )
}
