// Builds dist/: the bundle (parts.js), and what is bundled in it with its licences. With a folder as argument it puts
// the entry alone there.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { writeBillOfMaterials } from './bill-of-materials.js'
import { buildAll, buildPart, root } from './parts.js'

const [folder] = process.argv.slice(2)
await (folder === undefined ? buildAside() : buildPart('entry', `${folder}/safe-compose.cjs`))

/** Aside first, so that a build that fails leaves the old one as it was. */
async function buildAside() {
  const staging = `${root}.build/dist-${process.pid}`
  await mkdir(staging, { recursive: true })
  try {
    const metafile = await buildAll(staging)
    await writeBillOfMaterials(metafile, staging)
    await writeFile(`${staging}/package.json`, '{"type":"commonjs"}\n')
    await rm(`${root}dist`, { recursive: true, force: true })
    await rename(staging, `${root}dist`)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
