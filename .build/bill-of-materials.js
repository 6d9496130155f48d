// What is bundled, told in two files: sbom.cdx.json for programs (CycloneDX, by its own tool), licenses.txt for people.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './parts.js'

const tool = `${root}node_modules/@cyclonedx/cyclonedx-esbuild/bin/cyclonedx-esbuild-cli.js`

/** Where the text of a licence is kept that a package forgot to bring along: NAME.txt. */
const forgotten = `${root}.build/licenses`

/** Writes both into the folder. Throws where a bundled package has no licence text. */
export async function writeBillOfMaterials(metafile, folder) {
  const file = join(folder, 'sbom.cdx.json')
  await runTool(packagesOnly(metafile), file)
  const { components } = JSON.parse(await readFile(file, 'utf8'))
  const sections = await Promise.all(components.map(licenceOf))
  await writeFile(join(folder, 'licenses.txt'), `${sections.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
}

async function runTool(metafile, file) {
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-metafile-'))
  try {
    await writeFile(join(folder, 'metafile.json'), JSON.stringify(metafile))
    const words = ['--gather-license-texts', '--output-reproducible', '--no-validate', '--output-file', file]
    await promisify(execFile)(process.execPath, [tool, ...words, join(folder, 'metafile.json')], {
      cwd: root,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Only what is of packages and really got into a file: all else would be listed as components without a name. */
function packagesOnly({ inputs, outputs }) {
  const used = Object.values(outputs).flatMap(output =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const isKept = new Set(used.filter(path => /^[^:]*\bnode_modules\//.test(path)))
  const kept = all => Object.fromEntries(Object.entries(all).filter(([path]) => isKept.has(path)))
  return {
    inputs: Object.fromEntries(
      Object.entries(kept(inputs)).map(([path, input]) => [
        path,
        { ...input, imports: input.imports.filter(each => isKept.has(each.path)) },
      ]),
    ),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([path, output]) => [path, { ...output, inputs: kept(output.inputs) }]),
    ),
  }
}

/** The heading and the whole text for one component. */
async function licenceOf({ group, name, version, licenses = [], evidence }) {
  const full = group === undefined ? name : `${group}/${name}`
  const kinds = licenses.map(each => each.expression ?? each.license.id ?? each.license.name).join(', ')
  const texts = (evidence?.licenses ?? []).map(({ license }) =>
    Buffer.from(license.text.content, license.text.encoding ?? 'utf8').toString('utf8'),
  )
  if (texts.length === 0)
    texts.push(
      await readFile(join(forgotten, `${full.replace('/', '-')}.txt`), 'utf8').catch(() => {
        throw new Error(`${full} ${version} is bundled and has no text of its licence (${kinds})`)
      }),
    )
  return [
    `${full} ${version} (${kinds})`,
    '',
    ...texts.map(text => text.replaceAll('\r\n', '\n').trim()),
  ].join('\n')
}
