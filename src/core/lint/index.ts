import type { LintCheck, LintFinding } from './check.ts'
import { bindSourceMissingOrMoved } from './checks/bind-source-missing-or-moved.ts'
import { externalMissing } from './checks/external-missing.ts'
import { floatingTag } from './checks/floating-tag.ts'
import { overrideAndEnvDrift } from './checks/override-and-env-drift.ts'
import { pg18VolumeMoved } from './checks/pg18-volume-moved.ts'
import { relativeBind } from './checks/relative-bind.ts'
import { stateDirFollowsHostname } from './checks/state-dir-follows-hostname.ts'
import { tmpfsOnData } from './checks/tmpfs-on-data.ts'
import { twoWriters } from './checks/two-writers.ts'
import { uncleanStop } from './checks/unclean-stop.ts'
import { uncoveredDataPath } from './checks/uncovered-data-path.ts'
import { unpinnedName } from './checks/unpinned-name.ts'
import { writableLayer } from './checks/writable-layer.ts'
import { readProject } from './project.ts'
import { isSilenced } from './silence.ts'
import type { ParsedFile } from './tree.ts'

/** A file that is no YAML. */
const unreadable = 'unreadable-file'

/** Every check, the gravest first. */
const lintChecks: readonly LintCheck[] = [
  twoWriters,
  pg18VolumeMoved,
  writableLayer,
  externalMissing,
  uncoveredDataPath,
  tmpfsOnData,
  stateDirFollowsHostname,
  unpinnedName,
  bindSourceMissingOrMoved,
  overrideAndEnvDrift,
  relativeBind,
  floatingTag,
  uncleanStop,
]

/** Every rule that a finding may have, with its title and level. */
export const lintRules: readonly Pick<LintCheck, 'id' | 'title' | 'level'>[] = [
  ...lintChecks,
  { id: unreadable, title: 'the file cannot be read', level: 'error' },
]

/**
 * What the files of one project tell about its data, in the order of their lines. `reported`: the files that are meant;
 * the others only complete the picture. What a comment silences is left out.
 */
export function lintFiles(
  files: readonly ParsedFile[],
  reported: ReadonlySet<string>,
): readonly LintFinding[] {
  const broken = files.flatMap<LintFinding>(file =>
    file.ok
      ? []
      : [
          {
            rule: unreadable,
            level: 'error',
            at: file.at,
            message: `it is no YAML that can be read: ${file.why}`,
            instead: null,
          },
        ],
  )
  const readable = files.filter(file => file.ok)
  const project = readProject(readable.flatMap(file => file.roots))
  const found = lintChecks.flatMap(({ id, level, check }) =>
    check(project).map(remark => ({ rule: id, level, ...remark })),
  )
  const lines = new Map(readable.map(file => [file.file, file.lines]))
  return [...broken, ...found]
    .filter(({ at }) => reported.has(at.file))
    .filter(({ rule, at }) => !isSilenced(rule, at, lines.get(at.file) ?? []))
    .toSorted((one, other) =>
      one.at.file === other.at.file
        ? one.at.line - other.at.line || one.at.column - other.at.column
        : one.at.file < other.at.file
          ? -1
          : 1,
    )
}
