import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generatedFiles } from './architecture/generated.ts'
import { root } from './architecture/project-files.ts'

/** Writes what is made from the code: the page of all rules, the schema of the configuration, the manual page. */
for (const [path, text] of Object.entries(await generatedFiles())) {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  console.log(path)
}
