import type { ContainerFact, Facts } from '../model/facts.ts'
import type { ConfigurationSource } from './configuration.ts'

/** A project directory whose configuration the user has looked at and trusts: as it was then, and where it was. */
export interface TrustedProject {
  /** Its real path. */
  readonly directory: string
  /** Device and inode: another directory that is put in its place is not trusted. */
  readonly directoryId: string
  readonly trustedAt: string
  /** What its configurations said, each by its file below the directory. */
  readonly configurations: readonly { readonly file: string; readonly sha256: string }[]
  /** What it declared disposable, as `disposablesOf` writes it. */
  readonly disposable: readonly string[]
}

export type TrustState =
  | 'trusted'
  /** It was, but says something else now. */
  | 'changed'
  | 'untrusted'

type Sha256 = (text: string) => string

/** Whether a project's configuration is what the user trusted. `directory`: by which the project was found. */
export function trustOf(
  source: ConfigurationSource,
  directory: string,
  trusted: TrustedProject | null,
  sha256: Sha256,
): TrustState {
  if (trusted === null) return 'untrusted'
  const now = sealOf(source, directory, sha256)
  const then = trusted.configurations.find(({ file }) => file === now.file)
  return then?.sha256 === now.sha256 ? 'trusted' : 'changed'
}

/** What of a configuration is remembered when it is trusted: what it says, not how it is written. */
export function sealOf(
  { file, value }: ConfigurationSource,
  directory: string,
  sha256: Sha256,
): TrustedProject['configurations'][number] {
  return {
    file: file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file,
    sha256: sha256(JSON.stringify(value) ?? 'nothing'),
  }
}

/** The number of a directory on its disk stays over a restart of the machine; the number of the disk may not. */
export function isSameDirectory(trusted: TrustedProject, real: { path: string; id: string | null }): boolean {
  const inodeOf = (id: string | null): string | undefined => id?.split(':')[1]
  return trusted.directory === real.path && inodeOf(trusted.directoryId) === inodeOf(real.id)
}

const label = 'safe-compose.backup'

/**
 * Everything that carries `safe-compose.backup: "false"` in a project, as declared and on the engine, in words that can
 * be compared: `volume shop_cache`, `service web of shop` with each named volume that it mounts
 * (`volume shop_tmp, by service web of shop`), `container other-web-1` for one of another project that mounts the same
 * volumes.
 */
export function disposablesOf(
  facts: Pick<Facts, 'model' | 'containers' | 'volumes'> & { readonly project: { readonly name: string } },
): readonly string[] {
  const { name } = facts.project
  const services = facts.model?.services ?? []
  const volumes = facts.model?.volumes ?? []
  const nameOfKey = new Map(volumes.map(volume => [volume.key, volume.name]))
  const anonymous = new Set(facts.volumes.filter(volume => volume.anonymous).map(volume => volume.name))
  const own = facts.containers.filter(container => container.project === name)
  const ownVolumes = new Set([...nameOfKey.values(), ...own.flatMap(volumesOf)])
  const sharing = facts.containers.filter(
    container => container.project !== name && volumesOf(container).some(volume => ownVolumes.has(volume)),
  )
  const ofService = (service: string, mounted: readonly string[]): readonly string[] => {
    const words = `service ${service} of ${name}`
    return [words, ...mounted.map(volume => `volume ${volume}, by ${words}`)]
  }
  const declared = [
    ...[
      ...volumes,
      ...facts.volumes.filter(
        volume => ownVolumes.has(volume.name) || volume.labels['com.docker.compose.project'] === name,
      ),
    ]
      .filter(isDisposable)
      .map(volume => `volume ${volume.name}`),
    ...services.filter(isDisposable).flatMap(service =>
      ofService(
        service.name,
        service.mounts.flatMap(({ type, source }) =>
          type === 'volume' && source !== null ? (nameOfKey.get(source) ?? source) : [],
        ),
      ),
    ),
    ...own.filter(isDisposable).flatMap(container =>
      ofService(
        container.service ?? container.name,
        volumesOf(container).filter(volume => !anonymous.has(volume)),
      ),
    ),
    ...sharing.filter(isDisposable).map(container => `container ${container.name}`),
  ]
  return [...new Set(declared)].toSorted()
}

function volumesOf(container: ContainerFact): readonly string[] {
  return container.mounts.flatMap(mount => mount.name ?? [])
}

function isDisposable({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean {
  return labels[label] === 'false'
}

/** Whether a project declares nothing disposable that the user did not see when trusting it. */
export function believesLabels(
  seen: readonly string[] | null,
  facts: Parameters<typeof disposablesOf>[0],
): boolean {
  return seen !== null && disposablesOf(facts).every(each => seen.includes(each))
}
