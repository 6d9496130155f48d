import type { Manifest } from '../model/restore-point.ts'

/**
 * Whether two manifests are of one restore point, wherever and in whatever form it is kept: what is stored differently in
 * each place (number, form, hash, size of a file) is left out.
 */
export function isSamePoint(one: Manifest, other: Manifest): boolean {
  return JSON.stringify(essence(one)) === JSON.stringify(essence(other))
}

function essence(manifest: Manifest): readonly unknown[] {
  const { id, startedAt, finishedAt, reason, tag, engine, project, holdings, databases = [] } = manifest
  return [
    id,
    startedAt,
    finishedAt,
    reason,
    tag,
    engine.id,
    project.name,
    holdings.map(({ holding, kept }) => [holding, kept.tar.entries, kept.tar.contentBytes]),
    databases.map(({ holding, dumps }) => [
      holding,
      dumps.map(({ form, database, plainBytes }) => [form, database, plainBytes]),
    ]),
  ]
}
