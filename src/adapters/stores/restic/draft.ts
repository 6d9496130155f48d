import { createHash, randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeManifest, isInside } from '../../../core/manifest.ts'
import { Stop } from '../../../model/failure.ts'
import { bytesStored, filesOf, manifestFormat } from '../../../model/restore-point.ts'
import type { Manifest, ResticTreeForm, StoredFile } from '../../../model/restore-point.ts'
import type { LockOwner, RestorePointDraft, StoreScope, TarSource } from '../../../model/ports.ts'
import { removingEnding } from '../clear-partials.ts'
import { telling } from '../compressed-stream.ts'
import { claim } from '../draft.ts'
import { makeFolders, writeDurably } from '../durable.ts'
import { explainedFor } from '../failures.ts'
import { foldersIn } from '../folders.ts'
import { openWorks } from '../works.ts'
import { walkTar } from '../tar-walk.ts'
import { noteLot } from './clear.ts'
import { keepManifest, manifestFile, pathOf } from './points.ts'
import type { PointsRequest } from './points.ts'
import { forgotten } from './remove.ts'
import { labelArgs } from './snapshots.ts'
import type { Snapshot } from './snapshots.ts'
import { writeTree } from './tree.ts'
import { writeStream } from './write-stream.ts'
import type { Streamed, StreamRequest } from './write-stream.ts'

export interface ResticDraftOptions extends PointsRequest {
  readonly scope: StoreScope
  /** Of this machine and this project: where restore points that are being written have their folders. */
  readonly folder: string
  readonly id: string
  readonly owner: LockOwner
  /** What is in the repository of this project. */
  readonly snapshots: readonly Snapshot[]
  readonly sequence: number
}

/**
 * Begins a restore point. Each archive and each dump becomes a snapshot of its own, so that a source that fails leaves
 * none; the manifest and the small files come last, in one snapshot, with which the restore point begins to exist. Until
 * then a folder of this machine says who writes it.
 */
export async function beginDraft(options: ResticDraftOptions): Promise<RestorePointDraft> {
  const { repository, root, modes, scope, folder } = options
  const lot = randomBytes(8).toString('hex')
  const { id, path } = await explainedFor(root, async () => {
    const removing = (await foldersIn(folder)).filter(name => name.endsWith(removingEnding))
    const taken = new Set([
      ...options.snapshots.map(({ point }) => point),
      ...removing.map(name => name.slice(0, -removingEnding.length)),
    ])
    const claimed = await claim({ ...options, taken })
    await noteLot(claimed.path, lot, modes.file)
    return claimed
  })
  const own = { point: id, lot }
  const content = join(path, 'content')
  const state: StoredFile[] = []
  const work = openWorks()
  const stream = async (
    name: string,
    request: Pick<StreamRequest, 'path' | 'open' | 'take' | 'end'>,
  ): Promise<Streamed> => {
    work.signal.throwIfAborted()
    const labels = labelArgs(scope, own, 'part')
    try {
      return await work.run(() =>
        writeStream({ ...request, repository, labels, scratch: path, signal: work.signal }),
      )
    } catch (error) {
      throw failedAs(name, error)
    }
  }
  const putTree = async (
    name: string,
    { directory }: TarSource,
    onBytes: (done: number) => void,
  ): Promise<ResticTreeForm | null> => {
    if (directory === undefined) return null
    work.signal.throwIfAborted()
    const request = {
      repository,
      directory,
      path: insideOnly(`volumes/${name}`),
      onBytes,
      signal: work.signal,
    }
    try {
      return await work.run(() => writeTree({ ...request, labels: labelArgs(scope, own, 'part') }))
    } catch (error) {
      throw failedAs(name, work.signal.aborted ? work.signal.reason : ((error as Stop).cause ?? error))
    }
  }
  const writeFile = (name: string, text: string | Uint8Array): Promise<void> =>
    explainedFor(root, async () => {
      const target = join(content, name)
      await makeFolders(path, dirname(target), modes)
      await writeDurably(target, text, modes.file)
    })
  return {
    id,
    putArchive: async (name, source, onBytes) => {
      const tree = await putTree(name, source, onBytes)
      if (tree !== null) return tree
      const archive = insideOnly(`volumes/${name}.tar`)
      const walk = walkTar()
      const streamed = await stream(name, {
        path: archive,
        open: source.open,
        take: telling(onBytes, chunk => walk.take(chunk)),
        end: () => void walk.end(),
      })
      return { form: 'restic-stream', path: archive, ...streamed, tar: walk.end() }
    },
    putDump: async (name, source, onBytes) => {
      const dump = insideOnly(`dumps/${name}`)
      let went = 0
      const streamed = await stream(name, {
        path: dump,
        open: async () => source,
        take: telling(onBytes, chunk => {
          went += chunk.length
        }),
        end: () => {
          if (went === 0) throw new Error('its server wrote nothing')
        },
      }).catch(error => {
        source.stop()
        throw error
      })
      return { path: dump, compression: 'none', ...streamed, plainBytes: streamed.bytes }
    },
    putFile: async (name, file) => {
      await work.run(() => writeFile(insideOnly(name), file))
      const stored = {
        path: name,
        bytes: Buffer.byteLength(file),
        sha256: createHash('sha256').update(file).digest('hex'),
      }
      state.push(stored)
      return stored
    },
    publish: async fields => {
      const manifest: Manifest = {
        format: manifestFormat,
        id,
        sequence: options.sequence,
        ...fields,
        state,
      }
      const text = encodeManifest(manifest)
      await writeFile(manifestFile, text)
      const summary = summaryIn(
        await repository.run(['backup', '--json', ...labelArgs(scope, own, 'manifest'), '.'], {
          directory: content,
        }),
      )
      refuseIncomplete(repository.name, summary, state, text)
      await keepManifest(options, summary.snapshot, text)
      await rm(path, { recursive: true, force: true })
      return {
        id,
        path: pathOf(repository, summary.snapshot),
        manifest,
        bytes: filesOf(manifest).reduce((sum, file) => sum + bytesStored(file), Buffer.byteLength(text)),
        state: 'good',
        damage: null,
        verified: null,
        marked: null,
      }
    },
    discard: async () => {
      await work.giveUp()
      await rm(content, { recursive: true, force: true })
      // What cannot be removed now is left to the next run, and that may be one of this same process.
      if (await forgotten(repository, scope, own)) await rm(path, { recursive: true, force: true })
      else await rename(path, join(folder, `${id}${removingEnding}`))
    },
  }
}

interface ManifestSummary {
  readonly snapshot: string
  readonly files: number
  readonly bytes: number
}

function summaryIn(text: string): ManifestSummary {
  const summary = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
  return {
    snapshot: String(summary['snapshot_id']),
    files: Number(summary['total_files_processed']),
    bytes: Number(summary['total_bytes_processed']),
  }
}

/** Before 0.19 restic ends well when it could not read one of the files. */
function refuseIncomplete(
  name: string,
  { files, bytes }: ManifestSummary,
  state: readonly StoredFile[],
  manifest: string,
): void {
  const expected = state.reduce((sum, file) => sum + file.bytes, Buffer.byteLength(manifest))
  if (files === state.length + 1 && bytes === expected) return
  throw new Stop({
    reason: 'backup-failed',
    holding: manifestFile,
    why: `restic took ${files} files with ${bytes} bytes into ${name}, and should have taken ${state.length + 1} with ${expected}`,
    how: 'look whether something removes files in the folder of the store, then run the command again',
  })
}

function failedAs(name: string, error: unknown): Stop {
  if (error instanceof Stop) return error
  const why = error instanceof Error ? error.message : String(error)
  return new Stop(
    { reason: 'backup-failed', holding: name, why, how: 'mend what it names, then run the command again' },
    { cause: error },
  )
}

function insideOnly(path: string): string {
  if (isInside(path)) return path
  throw new Error(`Internal error: ${path} lies outside of the restore point`)
}
