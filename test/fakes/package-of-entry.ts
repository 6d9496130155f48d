import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package with its real entry, in a folder of its own, and an application that only says that it was loaded. */
export interface EntryPackage {
  readonly folder: string
  readonly executable: string
  readonly remove: () => void
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The Compose that tells how it was started. */
export const fakeCompose = join(root, 'test/fakes/compose.js')

export function makeEntryPackage(): EntryPackage {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'safe-compose-entry-')))
  const copied = join(folder, 'package')
  mkdirSync(join(copied, 'dist'), { recursive: true })
  cpSync(join(root, 'bin'), join(copied, 'bin'), { recursive: true })
  execFileSync(process.execPath, [join(root, '.build/bundle.js'), join(copied, 'dist')], { stdio: 'pipe' })
  const application = 'exports.main = async start => { console.log(JSON.stringify({ loaded: start })) }\n'
  writeFileSync(join(copied, 'dist/app.cjs'), application)
  const executable = join(copied, 'bin/safe-compose.js')
  chmodSync(executable, 0o755)
  chmodSync(fakeCompose, 0o755)
  return { folder, executable, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** This environment, less what decides how Compose is found and what is done with it. */
export function quietVariables(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const decides =
    /^(SAFE_COMPOSE|DOCKER_|COMPOSE_|FAKE_|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|CI$|CLAUDE|AI_AGENT$)/
  const own = Object.entries(process.env).filter(([name]) => !decides.test(name))
  return { ...(Object.fromEntries(own) as Record<string, string>), ...more }
}
