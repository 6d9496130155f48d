import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cacheFolder, once, withLock } from './cache.ts'
import { attempt, run } from './run.ts'

/** The Debian suites that packages are taken from. */
export type Suite = 'bullseye' | 'bookworm' | 'trixie' | 'sid'

/**
 * Unpacks Debian packages of a suite (without installing them, and without what they depend on) into a folder of
 * the cache, and returns the folder.
 */
export function unpackPackages(suite: Suite, packages: string[], folder: string): Promise<string> {
  return once(folder, async unfinished => {
    const debs = join(unfinished, 'debs')
    mkdirSync(debs, { recursive: true })
    await aptGet(suite, ['download', ...packages], debs)
    for (const deb of readdirSync(debs)) await run('dpkg', ['-x', join(debs, deb), unfinished])
    rmSync(debs, { recursive: true })
  })
}

/** The line of an apt sources list for a suite, on the mirror that this machine uses itself. */
export async function sourceLine(suite: Suite): Promise<string> {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
  await needTools({ [keyring]: 'debian-archive-keyring' })
  return `deb [signed-by=${keyring}] ${await debianMirror()} ${suite} main`
}

/** Installs what is missing of the programs (or files) named, each with the Debian package that has it. */
export async function needTools(packageOf: Record<string, string>): Promise<void> {
  if (missingOf(packageOf).length === 0) return
  if (process.getuid?.() !== 0)
    throw new Error(
      `${missingOf(packageOf).join(', ')} missing; the test engine must be run as root to install packages`,
    )
  await withLock('tools', async () => {
    const packages = [...new Set(missingOf(packageOf).map(tool => packageOf[tool]!))]
    if (packages.length === 0) return
    console.error(`installing ${packages.join(' ')}`)
    const options = [...network, '-oDPkg::Lock::Timeout=600']
    const install = [...options, 'install', '-y', '--no-install-recommends', ...packages]
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const first = await attempt('apt-get', install, { env })
    if (first.code === 0) return
    await run('apt-get', [...options, 'update'])
    await run('apt-get', install, { env })
  })
}

function missingOf(packageOf: Record<string, string>): string[] {
  return Object.keys(packageOf).filter(tool => !isThere(tool))
}

const network = ['-q', '-oAcquire::Retries=3', '-oAcquire::http::Timeout=30']

function isThere(tool: string): boolean {
  if (tool.startsWith('/')) return existsSync(tool)
  const folders = `${process.env['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin`.split(delimiter)
  return folders.some(folder => existsSync(join(folder, tool)))
}

/**
 * Runs apt-get on a suite with lists of our own, so that those of the machine stay as they are.
 *
 * A package that is gone from the mirror since the lists were fetched is looked for once more with fresh lists.
 */
async function aptGet(suite: Suite, args: string[], cwd: string): Promise<void> {
  await withLock(`apt-${suite}`, async () => {
    const folder = join(cacheFolder, 'apt', suite)
    for (const name of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(folder, name), { recursive: true })
    const sources = join(folder, 'sources.list')
    writeFileSync(sources, `${await sourceLine(suite)}\n`)
    const options = [
      ...network,
      `-oDir::Etc::sourcelist=${sources}`,
      '-oDir::Etc::sourceparts=-',
      `-oDir::State::lists=${join(folder, 'lists')}`,
      `-oDir::Cache=${join(folder, 'cache')}`,
      '-oAPT::Sandbox::User=root',
      '-oAcquire::Check-Valid-Until=false',
      '-oAcquire::Languages=none',
    ]
    const fetched = join(folder, 'lists', 'lock')
    if (!existsSync(fetched) || Date.now() - statSync(join(folder, 'lists')).mtimeMs > 86_400_000)
      await run('apt-get', [...options, 'update'])
    const first = await attempt('apt-get', [...options, ...args], { cwd })
    if (first.code === 0) return
    await run('apt-get', [...options, 'update'])
    await run('apt-get', [...options, ...args], { cwd })
  })
}

/** Where this machine's own apt gets Debian from; `SAFE_COMPOSE_TEST_MIRROR` says otherwise. */
async function debianMirror(): Promise<string> {
  const named = process.env['SAFE_COMPOSE_TEST_MIRROR']
  if (named) return named
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  const suites = new Set([
    codename,
    'stable',
    'oldstable',
    'testing',
    'unstable',
    'bookworm',
    'trixie',
    'sid',
  ])
  const uris = await run('apt-get', ['--print-uris', 'update'])
  for (const [, mirror, suite] of uris.matchAll(/^'(\S+?)\/dists\/([^/']+)\/InRelease'/gm))
    if (suites.has(suite!) && readFileSync('/etc/os-release', 'utf8').match(/^ID=debian$/m)) return mirror!
  throw new Error(
    'no Debian mirror in the sources of apt; name one in SAFE_COMPOSE_TEST_MIRROR (the URL above "dists")',
  )
}
