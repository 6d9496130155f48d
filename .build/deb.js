// Builds .build/deb/safe-compose_VERSION_all.deb from what `npm pack` would send. Needs dpkg-deb.
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './parts.js'

const run = promisify(execFile)
const { version, description, engines } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
const output = `${root}.build/deb`

const staging = await mkdtemp(join(tmpdir(), 'safe-compose-deb-'))
try {
  const tree = join(staging, 'tree')
  await unpackInto(join(tree, 'usr/lib'))
  await mkdir(join(tree, 'usr/bin'), { recursive: true })
  for (const name of ['safe-compose', 'safe-docker'])
    await symlink(`../lib/safe-compose/bin/${name}.js`, join(tree, 'usr/bin', name))
  await writeDocuments(join(tree, 'usr/share/doc/safe-compose'), join(tree, 'usr/lib/safe-compose'))
  await mkdir(join(tree, 'DEBIAN'))
  await writeFile(join(tree, 'DEBIAN/control'), control())
  // Whatever the umask of whoever builds it: for everybody to read.
  await run('chmod', ['-R', 'u=rwX,go=rX', tree])
  await mkdir(output, { recursive: true })
  const name = `safe-compose_${debianVersion()}_all.deb`
  await run('dpkg-deb', ['--root-owner-group', '--build', tree, join(staging, name)])
  await run('mv', [join(staging, name), join(output, name)])
  console.log(join(output, name))
} finally {
  await rm(staging, { recursive: true, force: true })
}

/** What npm would send, as the folder safe-compose. */
async function unpackInto(folder) {
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', staging], { cwd: root })
  const archive = (await readdir(staging)).find(name => name.endsWith('.tgz'))
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xzf', join(staging, archive), '-C', folder])
  await rename(join(folder, 'package'), join(folder, 'safe-compose'))
  const programs = ['safe-compose.js', 'safe-docker.js'].map(name => join(folder, 'safe-compose/bin', name))
  for (const program of programs) await chmod(program, 0o755)
}

async function writeDocuments(folder, installed) {
  await mkdir(folder, { recursive: true })
  const [own, others] = await Promise.all(
    ['LICENSE', 'dist/licenses.txt'].map(name => readFile(join(installed, name), 'utf8')),
  )
  await writeFile(join(folder, 'copyright'), `${own.trimEnd()}\n\nThe libraries in it:\n\n${others}`)
}

/** 1.0.0-beta.1 comes before 1.0.0. */
function debianVersion() {
  return version.replace('-', '~')
}

function control() {
  return [
    'Package: safe-compose',
    `Version: ${debianVersion()}`,
    'Architecture: all',
    'Maintainer: The safe-compose authors <safe-compose@localhost>',
    'Section: admin',
    'Priority: optional',
    `Depends: nodejs (${engines.node.replace(/^>=/, '>= ')})`,
    'Recommends: docker-cli | docker-ce-cli, zstd',
    'Suggests: age, restic',
    `Description: ${description.split(': ')[0]}`,
    ` ${description.split(': ')[1]}`,
    '',
  ].join('\n')
}
