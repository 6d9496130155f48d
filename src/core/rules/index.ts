import type { Rule } from '../../model/finding.ts'
import { ambiguousDatabaseHost } from './ambiguous-database-host.ts'
import { anonymousData } from './anonymous-data.ts'
import { bindReplaced } from './bind-replaced.ts'
import { bindSourceMissingOrMoved } from './bind-source-missing-or-moved.ts'
import { bridgeConvert } from './bridge-convert.ts'
import { delayedFuse } from './delayed-fuse.ts'
import { downVService } from './down-v-service.ts'
import { downVolumes } from './down-volumes.ts'
import { engineSwitched } from './engine-switched.ts'
import { externalMissing } from './external-missing.ts'
import { collationSwitch } from './collation-switch.ts'
import { dbMajorUpgrade } from './db-major-upgrade.ts'
import { dockerContextSwitched } from './docker-context-switched.ts'
import { dockerRunRm } from './docker-run-rm.ts'
import { dockerVolumeRecreated } from './docker-volume-recreated.ts'
import { dockerVolumeRemoved } from './docker-volume-removed.ts'
import { downInParent } from './down-in-parent.ts'
import { floatingTag } from './floating-tag.ts'
import { foreignNamedVolume } from './foreign-named-volume.ts'
import { initEnvIgnored } from './init-env-ignored.ts'
import { labelModeDown } from './label-mode-down.ts'
import { overrideAndEnvDrift } from './override-and-env-drift.ts'
import { projectCollision } from './project-collision.ts'
import { projectNameChanged } from './project-name-changed.ts'
import { pg18VolumeMoved } from './pg18-volume-moved.ts'
import { redisAppendonlyToggle } from './redis-appendonly-toggle.ts'
import { relativeBind } from './relative-bind.ts'
import { removeOrphans } from './remove-orphans.ts'
import { renewAnon } from './renew-anon.ts'
import { rmV } from './rm-v.ts'
import { runAnon } from './run-anon.ts'
import { stateDirFollowsHostname } from './state-dir-follows-hostname.ts'
import { statefulRecreate } from './stateful-recreate.ts'
import { subpathIgnored } from './subpath-ignored.ts'
import { tmpfsOnData } from './tmpfs-on-data.ts'
import { uncoveredDataPath } from './uncovered-data-path.ts'
import { twoWriters } from './two-writers.ts'
import { uncleanStop } from './unclean-stop.ts'
import { unpinnedName } from './unpinned-name.ts'
import { v1ContainerConfig } from './v1-containerconfig.ts'
import { volumeDivergedYes } from './volume-diverged-yes.ts'
import { volumeIdentityEdit } from './volume-identity-edit.ts'
import { writableDirsByEnv } from './writable-dirs-by-env.ts'
import { writableLayer } from './writable-layer.ts'
import { youngerVolume } from './younger-volume.ts'

/** Every hazard that is looked for, the gravest first. */
export const rules: readonly Rule[] = [
  projectCollision,
  downVolumes,
  labelModeDown,
  foreignNamedVolume,
  downVService,
  volumeDivergedYes,
  dockerVolumeRemoved,
  rmV,
  writableLayer,
  bridgeConvert,
  twoWriters,
  // Before the upgrade that it comes with: where both are so, what is left behind weighs more.
  pg18VolumeMoved,
  dbMajorUpgrade,
  collationSwitch,
  v1ContainerConfig,
  bindReplaced,
  redisAppendonlyToggle,
  bindSourceMissingOrMoved,
  writableDirsByEnv,
  tmpfsOnData,
  subpathIgnored,
  stateDirFollowsHostname,
  uncoveredDataPath,
  engineSwitched,
  projectNameChanged,
  youngerVolume,
  overrideAndEnvDrift,
  delayedFuse,
  volumeIdentityEdit,
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
  externalMissing,
  dockerVolumeRecreated,
  dockerContextSwitched,
  dockerRunRm,
]

/** What `--safe-allow` and the configuration may name. */
export const ruleIds: readonly string[] = rules.map(rule => rule.id)
