import { isWithin } from '../../data-paths.ts'
import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { isOfficialPostgres, postgresMajor, storesOf } from '../project.ts'

/** PostgreSQL 18 keeps its data in /var/lib/postgresql/18/docker; a mount at …/data is where it was before. */
export const pg18VolumeMoved: LintCheck = {
  id: 'pg18-volume-moved',
  title: 'PostgreSQL 18 keeps its data elsewhere than the mount',
  level: 'error',
  check: project =>
    storesOf(project)
      .filter(store => isOfficialPostgres(store) && !store.isTold && (postgresMajor(store.tag) ?? 0) >= 18)
      .flatMap(({ service, image }) =>
        service.mounts
          .filter(({ target }) => isWithin(target, '/var/lib/postgresql/data'))
          .map(mount => ({
            at: mount.at,
            message: `${escapeName(service.name)} (${escapeName(image.text)}) mounts ${escapeName(mount.target)}; from PostgreSQL 18 on the data goes to /var/lib/postgresql/18/docker`,
            instead: `${escapeName(mount.source ?? `${service.name}_data`)}:/var/lib/postgresql`,
          })),
      ),
}
