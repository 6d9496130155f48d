import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { EngineFact, VolumeFact } from '../../model/facts.ts'
import { openHelper, helperPath, holderOf } from './helper.ts'
import { findGnuTar, findProgram, runProgram, writingArgs } from './host-tar.ts'
import { labels } from './owner.ts'
import type { Session } from './session.ts'
import { filesTar } from './tar-write.ts'
import { createVolume, removeVolume } from './volumes.ts'

/** Whether volumes may be read and written where they lie, and with what. */
export type MountpointProof =
  | {
      readonly ok: true
      /** The folder with one folder for each local volume. */
      readonly volumes: string
      /** Paths of GNU tar and find. */
      readonly tar: string
      readonly find: string
    }
  | { readonly ok: false; readonly why: string }

/**
 * Proves that this process sees the engine's own file system: a random text written through the API into a scratch
 * volume is read back at that volume's mountpoint. The socket alone proves nothing: it may lead to another machine,
 * or out of a container.
 */
export async function proveMountpoints(
  session: Session,
  engine: Pick<EngineFact, 'securityOptions'>,
): Promise<MountpointProof> {
  if (!session.local) return { ok: false, why: 'the engine is not reached through a socket of this machine' }
  if (!session.elevated) return { ok: false, why: 'only root may read the folders of volumes' }
  const shifted = engine.securityOptions.find(option => /rootless|userns/.test(option))
  if (shifted !== undefined) return { ok: false, why: `the engine maps user ids (${shifted})` }
  const [tar, find] = await Promise.all([
    findGnuTar(session.variables),
    findProgram('find', session.variables),
  ])
  if (tar === null || find === null) return { ok: false, why: 'this machine has no GNU tar and find' }
  try {
    return await readBack(session, tar, find)
  } catch (error) {
    if (error instanceof Stop && error.failure.reason === 'not-possible') {
      return { ok: false, why: error.failure.what }
    }
    throw error
  }
}

/** Whether the proof covers this volume: a plain one, in the folder where the scratch volume was. */
export function isProven(
  proof: MountpointProof,
  volume: Pick<VolumeFact, 'driver' | 'options' | 'mountpoint' | 'name'>,
): proof is Extract<MountpointProof, { ok: true }> {
  return (
    proof.ok &&
    volume.driver === 'local' &&
    Object.keys(volume.options).length === 0 &&
    volume.mountpoint === join(proof.volumes, volume.name, '_data')
  )
}

async function readBack(session: Session, tar: string, find: string): Promise<MountpointProof> {
  const nonce = Buffer.from(session.host.random(24)).toString('hex')
  const name = `safe-compose-scratch-${nonce.slice(0, 12)}`
  const scratch = await createVolume(session, {
    name,
    driver: 'local',
    options: {},
    labels: { [labels.helper]: JSON.stringify(await holderOf(session)) },
  })
  try {
    const helper = await openHelper(session, { kind: 'volume', name, createdAt: null }, false)
    try {
      await session.call({
        method: 'PUT',
        path: `/containers/${helper.id}/archive`,
        query: { path: helperPath },
        upload: filesTar({ nonce }),
        doing: 'write into a scratch volume',
      })
      const found = await readFile(join(scratch.mountpoint, 'nonce'), 'utf8').catch(() => null)
      if (found !== nonce) return { ok: false, why: "the engine's file system is not this machine's" }
      const trial = await runProgram(tar, writingArgs(scratch.mountpoint), session.variables)
      if (trial.code !== 0) return { ok: false, why: `tar cannot be used: ${trial.stderr.trim()}` }
      return { ok: true, volumes: dirname(dirname(scratch.mountpoint)), tar, find }
    } finally {
      await helper.close()
    }
  } finally {
    await removeVolume(session, name)
  }
}
