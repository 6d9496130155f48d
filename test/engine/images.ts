import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needTools, sourceLine, unpackPackages, type Suite } from './apt.ts'
import { cacheFolder, once, withLock } from './cache.ts'
import { startDaemon, placeOf, stopDaemon, type Place } from './daemon.ts'
import { writeImageArchive } from './image-archive.ts'
import { olderRecipes, recipes, type Recipe } from './image-recipes.ts'
import { attempt, pipeline, run } from './run.ts'

/** What is needed to get an image and to give it to an engine. */
export type ImageTools = { docker: string; engineBin: string }

/** Names of the images that the shared engine has. */
export const imageNames: readonly string[] = Object.keys(recipes)

const allRecipes: Readonly<Record<string, Recipe>> = { ...recipes, ...olderRecipes }

/**
 * Makes the engine at `place` have the images: pulled where a registry answers, else built from Debian's packages.
 * Either is kept in the cache as a file, so that the next engine only loads it.
 */
export async function ensureImages(place: Place, names: readonly string[], tools: ImageTools): Promise<void> {
  const host = `unix://${place.socket}`
  const docker = (args: string[]) => run(tools.docker, ['--host', host, ...args])
  const unknown = names.filter(name => !allRecipes[name])
  if (unknown.length)
    throw new Error(`no image ${unknown.join(', ')}; there are ${Object.keys(allRecipes).join(', ')}`)
  await withLock(`load-${place.name}`, async () => {
    const noted = join(place.home, 'images.json')
    const loaded: Record<string, string> = existsSync(noted) ? JSON.parse(readFileSync(noted, 'utf8')) : {}
    const there = await docker(['image', 'ls', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'])
    const images = new Map(there.split('\n').map(line => line.split(' ') as [string, string]))
    const missing = names.filter(name => {
      const id = images.get(name.includes(':') ? name : `${name}:latest`)
      return !id || !loaded[name] || loaded[name] !== `${id} ${cachedFile(name) ?? ''}`
    })
    await fetchFiles(missing, tools)
    for (const name of missing) {
      await load(place, name, tools)
      const id = await docker(['image', 'inspect', '--format', '{{.Id}}', name])
      const before = loaded[name]?.split(' ')[0]
      // What a container still uses stays, and goes with the next change.
      if (before && before !== id.trim()) await attempt(tools.docker, ['--host', host, 'image', 'rm', before])
      loaded[name] = `${id.trim()} ${cachedFile(name)}`
      writeFileSync(noted, JSON.stringify(loaded, null, 2))
    }
  })
}

/** Gets the files of images that the cache has not, two at a time. */
async function fetchFiles(names: readonly string[], tools: ImageTools): Promise<void> {
  const wanted = names.filter(name => !cachedFile(name))
  if (wanted.length === 0) return
  await needTools({ zstd: 'zstd' })
  await withLock('images', async () => {
    const queue = wanted.filter(name => !cachedFile(name))
    const registry = queue.length > 0 && (await registryAnswers(queue[0]!, tools))
    if (registry) await pull(queue, tools)
    const toBuild = queue.filter(name => !cachedFile(name))
    const worker = async () => {
      for (let name = toBuild.shift(); name; name = toBuild.shift()) await build(name)
    }
    await Promise.all([worker(), worker()])
  })
}

/** Asked without an engine and decided within seconds; no account is used. */
async function registryAnswers(name: string, { docker }: ImageTools): Promise<boolean> {
  const config = join(cacheFolder, 'tmp', 'anonymous')
  mkdirSync(config, { recursive: true })
  const asked = await attempt(docker, ['--config', config, 'manifest', 'inspect', name], { timeoutMs: 6000 })
  return asked.code === 0
}

/** Pulls with an engine in the machine's own network that runs no containers. What fails is built instead. */
async function pull(names: string[], { docker, engineBin }: ImageTools): Promise<void> {
  const place = placeOf('pull', join(cacheFolder, 'tmp', 'pull'), 'machine')
  await withLock('pull', async () => {
    await startDaemon(place, engineBin)
    try {
      for (const name of names) {
        const host = `unix://${place.socket}`
        console.error(`pulling ${name}`)
        const pulled = await attempt(docker, ['--host', host, 'pull', '--quiet', name], {
          timeoutMs: 300_000,
        })
        if (pulled.code !== 0) console.error(`cannot pull ${name}: ${pulled.stderr.trim()}`)
        else
          await once(pulledFile(name), async unfinished => {
            await pipeline('"$1" --host "$2" save "$3" | zstd -q -T0 -3 -o "$4"', [
              docker,
              host,
              name,
              unfinished,
            ])
          })
      }
    } finally {
      await stopDaemon(place)
      rmSync(place.home, { recursive: true, force: true })
    }
  })
}

async function build(name: string): Promise<void> {
  const recipe = allRecipes[name]!
  const started = Date.now()
  console.error(`building ${name}`)
  await once(builtFile(name), async unfinished => {
    const folder = join(cacheFolder, 'tmp', fileName(name))
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    mkdirSync(folder, { recursive: true })
    const layer = join(folder, 'layer.tar')
    if (recipe.kind === 'busybox') await packBusybox(recipe, folder, layer)
    else await packDebian(recipe, folder, layer)
    await writeImageArchive(name, recipe.config, layer, unfinished)
    rmSync(folder, { recursive: true, force: true })
  })
  const others = readdirSync(join(cacheFolder, 'images')).filter(
    file => file.startsWith(`${fileName(name)}-`) && !builtFile(name).endsWith(file),
  )
  for (const file of others) rmSync(join(cacheFolder, 'images', file))
  console.error(`built ${name} in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Writes the root of a busybox image as the tar archive `layer`; `folder` is for files on the way. */
async function packBusybox(recipe: Recipe, folder: string, layer: string): Promise<void> {
  const busybox = await unpackPackages(
    'bookworm',
    ['busybox-static'],
    join(cacheFolder, 'packages', 'busybox'),
  )
  const root = join(folder, 'root')
  const folders = [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'etc',
    'home',
    'root',
    'var/spool',
    'proc',
    'sys',
    'dev',
  ]
  for (const name of folders) mkdirSync(join(root, name), { recursive: true })
  await run('cp', [join(busybox, 'bin/busybox'), join(root, 'bin/busybox')])
  await run('chroot', [root, '/bin/busybox', '--install', '-s'])
  await run('install', ['-d', '-m', '1777', join(root, 'tmp'), join(root, 'var/tmp')])
  writeFiles(root, recipe)
  await run('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', layer, '.'])
}

/** Writes the root of an image of Debian packages as the tar archive `layer`. */
async function packDebian(recipe: Recipe & { kind: 'debian' }, folder: string, layer: string): Promise<void> {
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  writeFiles(files, recipe)
  const { name, home } = recipe.account
  const args = [
    '--variant=custom',
    `--include=${recipe.packages.join(',')}`,
    `--setup-hook=tar -C "$1" --exclude='./dev/*' -xf "$IMAGE_BASE"`,
    // The numbers of the official images, so that a volume of one can be used by the other.
    `--setup-hook=echo '${name}:x:999:999::${home}:/bin/sh' >> "$1/etc/passwd"`,
    `--setup-hook=echo '${name}:x:999:' >> "$1/etc/group"`,
    // PostgreSQL's packages would make a cluster, which the image throws away.
    '--setup-hook=mkdir "$1/etc/postgresql-common"',
    '--setup-hook=echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
    '--customize-hook=cp -a "$IMAGE_FILES/." "$1/"',
    '--customize-hook=chroot "$1" sh -euxc "$IMAGE_SETUP"',
  ]
  await bootstrap(recipe.suite, layer, args, {
    TMPDIR: folder,
    IMAGE_BASE: await debianBase(recipe.suite),
    IMAGE_FILES: files,
    IMAGE_SETUP: recipe.setup,
  })
}

/** The root that all images of a suite begin with, as a tar archive in the cache: to make it takes half of a build. */
function debianBase(suite: Suite): Promise<string> {
  return once(join(cacheFolder, 'packages', `base-${suite}.tar`), async unfinished => {
    const folder = `${unfinished}.tmp`
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    mkdirSync(folder)
    await bootstrap(suite, unfinished, ['--variant=minbase'], { TMPDIR: folder })
    rmSync(folder, { recursive: true, force: true })
  })
}

async function bootstrap(
  suite: Suite,
  target: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  await needTools({ mmdebstrap: 'mmdebstrap' })
  const words = [
    ...contained,
    'mmdebstrap',
    '--quiet',
    '--format=tar',
    ...(await aptSettings()).map(setting => `--aptopt=${setting}`),
    ...['force-unsafe-io', 'force-confold'].map(option => `--dpkgopt=${option}`),
    ...args,
    // Not by excluding them, which starts a Python for each package.
    `--customize-hook=cd "$1/usr/share" && rm -rf ${unread.map(folder => `${folder}/*`).join(' ')}`,
    suite,
    target,
    await sourceLine(suite),
  ]
  const options = { env: { ...process.env, ...variables }, timeoutMs: 900_000 }
  const first = await attempt(builder, words, options)
  if (first.code === 0) return
  // With a mirror in the middle of an update, or a connection lost, the second try is well.
  console.error(`building again after: ${first.stderr.trim().split('\n').slice(-5).join('\n')}`)
  await run(builder, words, options)
}

/** A build's processes and mounts are in namespaces of their own, so that they end with us however we end. */
const builder = 'setpriv'
const contained = [
  '--pdeathsig',
  'KILL',
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount',
  '--mount-proc',
]

/** Below /usr/share. */
const unread = ['doc', 'man', 'locale', 'info']

/** What this machine's apt is told about the network (proxies, certificates, stale release files). */
async function aptSettings(): Promise<string[]> {
  const dump = await run('apt-config', ['dump'])
  const own = dump.split('\n').filter(line => /^Acquire::(https?|ftp|Check-\S+)\S* "[^"]+";$/.test(line))
  return [
    ...own,
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Retries "3";',
    'APT::Sandbox::User "root";',
  ]
}

function writeFiles(root: string, recipe: Recipe): void {
  for (const { path, text, mode } of recipe.files) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text, { mode })
  }
}

async function load(place: Place, name: string, { docker }: ImageTools): Promise<void> {
  const host = `unix://${place.socket}`
  await pipeline('zstd -qdc "$1" | "$2" --host "$3" load --quiet', [cachedFile(name)!, docker, host])
}

/** The file of an image in the cache; one that was pulled goes before one that was built. */
function cachedFile(name: string): string | null {
  return [pulledFile(name), builtFile(name)].find(file => existsSync(file)) ?? null
}

function pulledFile(name: string): string {
  return join(cacheFolder, 'images', `${fileName(name)}.pulled.tar.zst`)
}

/** Named after the recipe's content, so that a changed recipe is built again. */
function builtFile(name: string): string {
  const digest = createHash('sha256').update(JSON.stringify(allRecipes[name])).digest('hex').slice(0, 12)
  return join(cacheFolder, 'images', `${fileName(name)}-${digest}.built.tar.zst`)
}

function fileName(name: string): string {
  return name.replaceAll(/[^a-z0-9.]+/gi, '_')
}
