/** How a store that is no folder is named: `restic:REPOSITORY`, or `restic:` for the one that restic's variables name. */
const resticPrefix = 'restic:'

/** The repository of a store that is named so: empty for the one of restic's own variables; null for a folder. */
export function resticRepository(store: string): string | null {
  return store.startsWith(resticPrefix) ? store.slice(resticPrefix.length) : null
}

/** The path of a repository that is a folder of this machine; null for others, which begin with restic's word for them. */
export function localRepository(repository: string): string | null {
  if (/^(sftp|rest|s3|gs|azure|b2|swift|rclone):/.test(repository)) return null
  return repository.startsWith('local:') ? repository.slice('local:'.length) : repository
}

/** The folder of this machine in which a store so named keeps what it holds; null where it lies elsewhere, or cannot be told. */
export function folderOfStore(store: string): string | null {
  const repository = resticRepository(store)
  if (repository === null) return store
  return repository === '' ? null : localRepository(repository)
}

/** A store's name with every password in an address hidden. */
export function maskedStore(text: string): string {
  return text.replace(/(:\/\/[^/@:\s]*):[^/\s]*@/g, '$1:***@')
}
