import type { StoreScope } from '../../../model/ports.ts'
import { engineFolder, safeName } from '../folders.ts'
import type { Repository } from './repository.ts'

/** A snapshot of ours. Engine and project are written as `folderOf` writes them. */
export interface Snapshot {
  /** 64 hex digits. */
  readonly id: string
  readonly engine: string
  readonly project: string
  /** The restore point's. */
  readonly point: string
  /** Drawn by lot for each restore point: machines that do not know of each other can choose one id in the same second. */
  readonly lot: string
  /** Whether it holds the manifest, with which a restore point begins to exist. */
  readonly isManifest: boolean
  /** When it was made, by the clock of its maker. */
  readonly time: string
}

/** Which snapshots are one restore point's. */
export type Own = Pick<Snapshot, 'point' | 'lot'>

export function isOwn({ point, lot }: Own): (snapshot: Snapshot) => boolean {
  return snapshot => snapshot.point === point && snapshot.lot === lot
}

/** Projects and engines; null for every one. */
interface Where {
  readonly engine: string | null
  readonly project: string | null
}

const ours = 'safe-compose'
const manifestTag = 'manifest'

/**
 * What is said to restic of each snapshot. The host is made of engine and project, so that a policy that somebody gives
 * restic itself, which goes by host, never weighs one project's snapshots against another's.
 */
export function labelArgs(
  scope: StoreScope,
  { point, lot }: Own,
  kind: 'part' | 'manifest',
): readonly string[] {
  const engine = engineFolder(scope.engine)
  const project = safeName(scope.project)
  const tags = [ours, `project=${project}`, `engine=${engine}`, `id=${safeName(point)}`, `lot=${lot}`]
  return [
    '--host',
    `${project}.${engine}`,
    '--tag',
    [...tags, ...(kind === 'manifest' ? [manifestTag] : [])].join(','),
  ]
}

/**
 * Every snapshot of ours, of some projects: as they were some seconds ago, or as they are now. Throws `store-unusable`.
 */
export async function listSnapshots(
  repository: Repository,
  where: Where,
  when: 'lately' | 'now' = 'lately',
): Promise<readonly Snapshot[]> {
  const args = ['snapshots', '--json', '--tag', ours]
  if (when === 'now') repository.lookAgain()
  const text = await repository.look(args)
  const engine = where.engine === null ? null : engineFolder(where.engine)
  const project = where.project === null ? null : safeName(where.project)
  return (JSON.parse(text) as readonly ListedSnapshot[])
    .flatMap(each => understood(each) ?? [])
    .filter(
      each => (engine === null || each.engine === engine) && (project === null || each.project === project),
    )
}

interface ListedSnapshot {
  readonly id: string
  readonly time: string
  readonly tags?: readonly string[] | null
}

/** Null for one that carries our tag and not what belongs to it: somebody else's. */
function understood({ id, time, tags }: ListedSnapshot): Snapshot | null {
  const valueOf = (key: string): string | null =>
    tags?.find(tag => tag.startsWith(`${key}=`))?.slice(key.length + 1) ?? null
  const [engine, project, point] = [valueOf('engine'), valueOf('project'), valueOf('id')]
  if (engine === null || project === null || point === null) return null
  const isManifest = tags?.includes(manifestTag) === true
  return { id, engine, project, point, lot: valueOf('lot') ?? '', isManifest, time }
}
