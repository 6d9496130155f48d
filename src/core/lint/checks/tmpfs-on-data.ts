import { isWithin } from '../../data-paths.ts'
import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { placesOf } from '../coverage.ts'
import { dataMounts, storesOf } from '../project.ts'

/** A database in memory: empty after every restart. */
export const tmpfsOnData: LintCheck = {
  id: 'tmpfs-on-data',
  title: 'a database lies in memory',
  level: 'warning',
  check: project => {
    const inMemory = new Set(
      project.volumes.filter(({ driverOptions }) => driverOptions['type'] === 'tmpfs').map(({ key }) => key),
    )
    return storesOf(project).flatMap(store => {
      const { data } = placesOf(store)
      const mounts = [
        ...store.service.mounts.filter(
          ({ type, target }) => type === 'tmpfs' && data.some(path => isWithin(path, target)),
        ),
        ...dataMounts(store).filter(({ type, source }) => type === 'volume' && inMemory.has(source ?? '')),
      ]
      return mounts.map(mount => ({
        at: mount.at,
        message: `${escapeName(store.service.name)} keeps its data in memory at ${escapeName(mount.target)}: it is empty after a restart`,
        instead: `${escapeName(store.service.name)}_data:${escapeName(mount.target)}`,
      }))
    })
  },
}
