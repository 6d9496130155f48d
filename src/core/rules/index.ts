import type { Rule } from '../../model/finding.ts'
import { ambiguousDatabaseHost } from './ambiguous-database-host.ts'
import { anonymousData } from './anonymous-data.ts'
import { bridgeConvert } from './bridge-convert.ts'
import { collationSwitch } from './collation-switch.ts'
import { dbMajorUpgrade } from './db-major-upgrade.ts'
import { downInParent } from './down-in-parent.ts'
import { downVService } from './down-v-service.ts'
import { downVolumes } from './down-volumes.ts'
import { floatingTag } from './floating-tag.ts'
import { foreignNamedVolume } from './foreign-named-volume.ts'
import { initEnvIgnored } from './init-env-ignored.ts'
import { labelModeDown } from './label-mode-down.ts'
import { relativeBind } from './relative-bind.ts'
import { removeOrphans } from './remove-orphans.ts'
import { renewAnon } from './renew-anon.ts'
import { rmV } from './rm-v.ts'
import { runAnon } from './run-anon.ts'
import { statefulRecreate } from './stateful-recreate.ts'
import { twoWriters } from './two-writers.ts'
import { uncleanStop } from './unclean-stop.ts'
import { unpinnedName } from './unpinned-name.ts'
import { v1ContainerConfig } from './v1-containerconfig.ts'
import { volumeDivergedYes } from './volume-diverged-yes.ts'
import { writableLayer } from './writable-layer.ts'

/** Every hazard that is looked for, the gravest first. */
export const rules: readonly Rule[] = [
  downVolumes,
  labelModeDown,
  foreignNamedVolume,
  downVService,
  volumeDivergedYes,
  rmV,
  writableLayer,
  bridgeConvert,
  twoWriters,
  dbMajorUpgrade,
  collationSwitch,
  v1ContainerConfig,
  anonymousData,
  removeOrphans,
  renewAnon,
  runAnon,
  statefulRecreate,
  downInParent,
  uncleanStop,
  ambiguousDatabaseHost,
  initEnvIgnored,
  unpinnedName,
  floatingTag,
  relativeBind,
]

/** What `--safe-allow` and the configuration may name. */
export const ruleIds: readonly string[] = rules.map(rule => rule.id)
