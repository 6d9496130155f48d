/** The parts of an image reference such as `registry:5000/postgis/postgis:16-3.4@sha256:…`. */
export interface ImageReference {
  /** Without registry port mistaken for a tag, without tag and digest: `registry:5000/postgis/postgis`. */
  readonly repository: string
  /** The last part of it: `postgis`. */
  readonly name: string
  /** Null where none is written, which means `latest`. */
  readonly tag: string | null
  readonly hasDigest: boolean
}

export function readImageReference(reference: string): ImageReference {
  const [withoutDigest = '', digest] = reference.split('@')
  const lastSlash = withoutDigest.lastIndexOf('/')
  const colon = withoutDigest.indexOf(':', lastSlash + 1)
  const repository = colon < 0 ? withoutDigest : withoutDigest.slice(0, colon)
  return {
    repository,
    name: repository.slice(repository.lastIndexOf('/') + 1),
    tag: colon < 0 ? null : withoutDigest.slice(colon + 1),
    hasDigest: digest !== undefined,
  }
}
