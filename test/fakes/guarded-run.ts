import { openCompose } from '../../src/adapters/compose/compose.ts'
import { findCompose } from '../../src/adapters/compose/find.ts'
import { inheritedDescriptors } from '../../src/adapters/compose/inherited-descriptors.ts'
import { locateOurselves } from '../../src/adapters/compose/ourselves.ts'
import { endLike } from '../../src/adapters/compose/pass-through.ts'
import { cacheFolderOf, composeVersion } from '../../src/adapters/compose/version.ts'
import { readInvocation } from '../../src/core/invocation.ts'

/**
 * Does with Compose what a guarded command does: asks for the model in both widths and the hashes, then runs it;
 * after `--ask-only` it does not run it.
 */
const asksOnly = process.argv[2] === '--ask-only'
const typed = process.argv.slice(asksOnly ? 3 : 2)
const descriptors = inheritedDescriptors(typed)
const directory = process.cwd()
const cacheFolder = cacheFolderOf(process.env)
const found = findCompose({
  variables: process.env,
  directory,
  ourselves: locateOurselves(process.argv[1] ?? ''),
  cacheFolder,
  typed,
  asPlugin: false,
})
const version = composeVersion(found, process.env, cacheFolder)
const argv = [...found.lead, ...typed]
const invocation = readInvocation({ argv, form: found.form, version })
const compose = openCompose({
  found,
  version,
  invocation,
  own: process,
  variables: process.env,
  directory,
  descriptors,
  seal: secret => `sealed ${secret.length}`,
})
const [model, whole, hashes] = await Promise.all([
  compose.model(invocation, { everything: false }),
  compose.model(invocation, { everything: true }),
  compose.hashes(invocation),
])
await new Promise<void>(resolve => {
  process.stdout.write(`${JSON.stringify({ model, whole, hashes })}\n`, () => resolve())
})
if (!asksOnly) endLike(await compose.run(argv), process)
