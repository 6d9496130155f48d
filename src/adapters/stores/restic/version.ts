/**
 * The oldest restic that can be trusted: since 0.17.0 it makes no snapshot of a stream whose maker failed
 * (`--stdin-from-command`), since 0.17.1 it tells by its exit code whether there is no repository, whether it is locked,
 * and whether the password is wrong.
 */
export const oldestRestic = '0.17.1'

/** Of what `restic version` prints, such as `restic 0.19.1 compiled with go1.26 on linux/amd64`; null for anything else. */
export function versionIn(text: string): string | null {
  return /^restic (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? null
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0, oldPatch = 0] = oldestRestic.split('.').map(Number)
  return major !== oldMajor ? major > oldMajor : minor !== oldMinor ? minor > oldMinor : patch >= oldPatch
}
