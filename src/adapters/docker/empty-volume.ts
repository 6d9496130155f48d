import type Docker from 'dockerode'
import { Stop } from '../../model/failure.ts'
import type { VolumeFact } from '../../model/facts.ts'
import { helperPath, holderOf, openHelper, removeContainer, vanished } from './helper.ts'
import { runProgram } from './host-tar.ts'
import { isOurs } from './observe.ts'
import { isProven } from './mountpoint.ts'
import { labels } from './owner.ts'
import type { Session } from './session.ts'
import { scanTar } from './tar-scan.ts'
import { createVolume, findVolume, removeVolume } from './volumes.ts'

/**
 * Removes everything in a volume. At a proven mountpoint directly; an unused plain volume is made anew; else by a
 * `find` inside an image that the engine has. Throws `not-possible` when something stays.
 */
export async function emptyVolume(session: Session, name: string): Promise<void> {
  const [volume, proof] = await Promise.all([findVolume(session, name), session.mountpointProof()])
  if (volume === null) throw vanished(name)
  if (isProven(proof, volume)) {
    const args = [volume.mountpoint, '-mindepth', '1', '-delete']
    const { code, stderr } = await runProgram(proof.find, args, session.variables)
    if (code !== 0) throw cannotEmpty(name, stderr.trim() || `find ended with code ${code}`)
    return
  }
  const users = await usersOf(session, name)
  if (users.length === 0 && volume.driver === 'local' && Object.keys(volume.options).length === 0) {
    await makeAnew(session, volume)
    return
  }
  if (await isEmpty(session, volume)) return
  for (const image of await candidateImages(session, users)) {
    if ((await emptyWith(session, volume, image)) && (await isEmpty(session, volume))) return
  }
  throw cannotEmpty(name, 'no image on the engine has a program that could do it')
}

async function usersOf(session: Session, name: string): Promise<readonly Docker.ContainerInfo[]> {
  const { body } = await session.call<readonly Docker.ContainerInfo[]>({
    path: '/containers/json',
    query: { all: '1', filters: JSON.stringify({ volume: [name] }) },
    doing: `list who uses the volume ${name}`,
  })
  return body.filter(container => !isOurs(container.Labels))
}

async function makeAnew(session: Session, volume: VolumeFact): Promise<void> {
  await removeVolume(session, volume.name)
  const { name, driver, options, labels } = volume
  await createVolume(session, { name, driver, options, labels })
}

async function isEmpty(session: Session, volume: VolumeFact): Promise<boolean> {
  const helper = await openHelper(session, { kind: 'volume', name: volume.name, createdAt: null }, true)
  try {
    const response = await session.connection.open({
      path: `/containers/${helper.id}/archive`,
      query: { path: `${helperPath}/.` },
      doing: `look into the volume ${volume.name}`,
    })
    let entries = 0
    const scanner = scanTar(0, () => void entries++)
    try {
      for await (const chunk of response) {
        scanner.push(chunk as Buffer)
        if (entries > 1) return false
      }
    } finally {
      response.destroy()
    }
    return true
  } finally {
    await helper.close()
  }
}

/** Images of those who use the volume first: they have run there before. */
async function candidateImages(
  session: Session,
  users: readonly Docker.ContainerInfo[],
): Promise<readonly string[]> {
  const { body } = await session.call<readonly Docker.ImageInfo[]>({
    path: '/images/json',
    doing: 'list its images',
  })
  return [...new Set([...users.map(user => user.ImageID), ...body.map(image => image.Id)])].slice(0, 20)
}

/** Runs `find -delete` in a container of its own, without network, as root, with nothing but the volume. */
async function emptyWith(session: Session, volume: VolumeFact, image: string): Promise<boolean> {
  const created = await session.call<{ Id: string }>({
    method: 'POST',
    path: '/containers/create',
    body: {
      Image: image,
      Entrypoint: ['find', helperPath, '-mindepth', '1', '-delete'],
      Cmd: [],
      User: '0:0',
      NetworkDisabled: true,
      Labels: { [labels.helper]: JSON.stringify(await holderOf(session)) },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [
          { Type: 'volume', Source: volume.name, Target: helperPath, VolumeOptions: { NoCopy: true } },
        ],
      },
    },
    doing: `prepare to empty the volume ${volume.name}`,
    accept: [400, 404, 500],
  })
  if (created.status >= 300) return false
  const id = created.body.Id
  session.ownHelpers.add(id)
  try {
    const started = await session.call({
      method: 'POST',
      path: `/containers/${id}/start`,
      doing: `empty the volume ${volume.name}`,
      // The image has no such program, or is for another machine.
      accept: [400, 404, 409, 500],
    })
    if (started.status >= 300) return false
    const { body } = await session.call<{ StatusCode: number }>({
      method: 'POST',
      path: `/containers/${id}/wait`,
      doing: `empty the volume ${volume.name}`,
    })
    return body.StatusCode === 0
  } finally {
    // With the anonymous volumes that the image declares, which are its own and new.
    await session.call({
      method: 'DELETE',
      path: `/containers/${id}`,
      query: { force: '1', v: '1' },
      doing: 'remove a helper',
      accept: [404, 409],
    })
    await removeContainer(session, id)
  }
}

function cannotEmpty(name: string, why: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `the volume ${name} cannot be emptied: ${why}`,
    how: `remove it yourself (docker volume rm ${name}) when its content is saved, then run the command again`,
  })
}
