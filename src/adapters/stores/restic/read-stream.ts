import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Stop } from '../../../model/failure.ts'
import type { OpenArchive } from '../read-archive.ts'
import { exits, isAboutAccess, unusableRepository } from './failures.ts'
import type { ResticFailure } from './failures.ts'
import { outputOf } from './process.ts'
import { waitForLock, waitsForLock } from './repository.ts'
import type { Repository } from './repository.ts'

/** Where something is in a repository. */
export interface Address {
  readonly snapshot: string
  readonly path: string
  /** Of a tree, which comes as a tar: the entry of its root, with which that begins. */
  readonly treeRoot?: Buffer
}

/**
 * Reads a file of a snapshot. Every byte is hashed on its way. The stream fails with `store-unusable` when the repository
 * cannot be read, and with `archive-damaged` when what is in it cannot.
 */
export async function openStream(
  repository: Repository,
  address: Address,
  onBytes: (done: number) => void = () => {},
): Promise<OpenArchive> {
  await repository.ready()
  const hash = createHash('sha256')
  let bytes = 0
  const read = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of withRoot(address, dumped(repository, address))) {
      hash.update(chunk)
      bytes += chunk.length
      onBytes(bytes)
      yield chunk
    }
  }
  const tar = Readable.from(read(), { objectMode: false })
  const done = finished(tar, { writable: false }).then(() => ({ bytes, sha256: hash.digest('hex') }))
  done.catch(() => {})
  return { tar, done }
}

async function* withRoot({ treeRoot }: Address, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (treeRoot !== undefined) yield treeRoot
  yield* rest
}

/** What people call it. */
export function placeOf(
  repository: Repository,
  { snapshot, path }: Pick<Address, 'snapshot' | 'path'>,
): string {
  return `${path} in snapshot ${snapshot.slice(0, 8)} of ${repository.name}`
}

/** Locked out before the first byte, it takes stale locks away and waits. */
async function* dumped(repository: Repository, address: Address): AsyncGenerator<Buffer> {
  for (let waits = 0; ; waits++) {
    const failure = yield* dumpedOnce(repository, address, waits === 0 ? [] : waitForLock)
    if (failure === null) return
    if (failure.code !== exits.locked || waits === waitsForLock) throw explained(repository, address, failure)
    await repository.unlock()
  }
}

/** Gives back why it failed; null when it did not. */
async function* dumpedOnce(
  repository: Repository,
  { snapshot, path, treeRoot }: Address,
  more: readonly string[],
): AsyncGenerator<Buffer, ResticFailure | null> {
  // That it waits for a lock it says on its standard output, between the bytes of the stream, unless it is to be quiet.
  const what = treeRoot === undefined ? [snapshot, `/${path}`] : ['--archive', 'tar', snapshot, '/']
  const restic = repository.start(['dump', '--quiet', ...more, ...what])
  try {
    yield* outputOf(restic)
    const ending = await restic.waitFor(restic.ended)
    return ending.code === 0 ? null : repository.failureOf(ending)
  } catch (error) {
    return repository.failureOf(await restic.ended, error)
  } finally {
    await restic.kill()
  }
}

function explained(repository: Repository, address: Address, failure: ResticFailure): Stop {
  return isAboutAccess(failure)
    ? unusableRepository(repository.name, failure)
    : new Stop(
        { reason: 'archive-damaged', path: placeOf(repository, address), why: failure.message },
        { cause: failure },
      )
}
