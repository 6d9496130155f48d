import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A descriptor from which these bytes can be read from the start, and by name (`/dev/fd/N`) as often as wanted. */
export interface Replay {
  readonly fd: number
  readonly close: () => void
}

/** The file is in no folder any more when this returns, so that nothing of it can stay behind. */
export function openReplay(bytes: Uint8Array): Replay {
  const folder = mkdtempSync(join(tmpdir(), 'safe-compose-'))
  try {
    const path = join(folder, 'input')
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' })
    const fd = openSync(path, 'r')
    return { fd, close: () => closeSync(fd) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
