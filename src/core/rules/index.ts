import type { Rule } from '../../model/finding.ts'
import { anonymousData } from './anonymous-data.ts'
import { bridgeConvert } from './bridge-convert.ts'
import { downVService } from './down-v-service.ts'
import { downVolumes } from './down-volumes.ts'
import { foreignNamedVolume } from './foreign-named-volume.ts'
import { labelModeDown } from './label-mode-down.ts'
import { removeOrphans } from './remove-orphans.ts'
import { renewAnon } from './renew-anon.ts'
import { rmV } from './rm-v.ts'
import { runAnon } from './run-anon.ts'
import { statefulRecreate } from './stateful-recreate.ts'
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
  anonymousData,
  removeOrphans,
  renewAnon,
  runAnon,
  statefulRecreate,
]

/** What `--safe-allow` and the configuration may name. */
export const ruleIds: readonly string[] = rules.map(rule => rule.id)
