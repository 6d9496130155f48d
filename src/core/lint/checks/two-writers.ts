import { escapeName } from '../../escape.ts'
import { listed } from '../../format.ts'
import type { LintCheck, Remark } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'
import type { LintMount, LintProject, LintStore } from '../project.ts'

/** Two servers on one data directory: both run, and both damage it. */
export const twoWriters: LintCheck = {
  id: 'two-writers',
  title: 'two servers on one data directory',
  level: 'error',
  check: project => [...storesOf(project).flatMap(scaled), ...shared(project)],
}

function scaled(store: LintStore): readonly Remark[] {
  const { replicas } = store.service
  const [mount] = written(store)
  if (replicas === null || replicas.count < 2 || mount === undefined) return []
  return [
    {
      at: replicas.at,
      message: `${replicas.count} containers of ${escapeName(store.service.name)} would write to the same ${escapeName(mount.source ?? '')}: the database would be damaged`,
      instead: 'one replica; further ones need a volume and a service of their own',
    },
  ]
}

/** Services that may run only together with a profile, or that run another command on the files, are not meant. */
function shared(project: LintProject): readonly Remark[] {
  const plain = storesOf(project).filter(
    ({ service }) => !service.hasProfiles && service.command.length === 0,
  )
  const uses = plain.flatMap(store => written(store).map(mount => ({ store, mount })))
  return uses.flatMap(({ store, mount }, index) => {
    const before = uses
      .slice(0, index)
      .filter(use => use.mount.source === mount.source && use.store.kind === store.kind)
    const others = [...new Set(before.map(use => use.store.service.name))].filter(
      name => name !== store.service.name,
    )
    if (others.length === 0) return []
    return [
      {
        at: mount.at,
        message: `${escapeName(store.service.name)} and ${listed(others.map(escapeName))} write to the same ${escapeName(mount.source ?? '')}: the database would be damaged`,
        instead: 'a volume for each',
      },
    ]
  })
}

function written(store: LintStore): readonly LintMount[] {
  return dataMounts(store).filter(mount => mount.source !== null && !mount.readOnly)
}
