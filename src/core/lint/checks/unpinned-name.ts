import { cacheReason } from '../../caches.ts'
import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { substitute } from '../variables.ts'

/** Volumes named after the project, and the project after its directory: another checkout has other, empty, ones. */
export const unpinnedName: LintCheck = {
  id: 'unpinned-name',
  title: "a volume's name follows the directory",
  level: 'warning',
  check: project => {
    if (project.name !== null && substitute(project.name.text).open.length === 0) return []
    return project.volumes.flatMap(volume => {
      const targets = project.services.flatMap(service =>
        service.mounts.filter(mount => mount.source === volume.key).map(({ target }) => target),
      )
      const isNamed = volume.name !== null || volume.externalName !== null || volume.external?.on === true
      if (isNamed || targets.length === 0 || cacheReason(targets, null) !== null) return []
      const key = escapeName(volume.key)
      return [
        {
          at: volume.at,
          message: `the name of ${key} follows the directory: renamed, moved, or with another \`-p\`, the project starts on an empty volume`,
          instead: `safe-compose pin ${key}, or a top-level \`name:\``,
        },
      ]
    })
  },
}
