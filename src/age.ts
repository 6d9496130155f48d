// The stand-in for the `age` program on a machine that has none. It takes the same words and works on the same streams,
// in a process of its own: the one that backs up neither waits for the cipher nor holds what is in it.
//
//   age.cjs -r RECIPIENT [-r RECIPIENT…]     encrypts standard input
//   age.cjs -d -i FILE                       decrypts it
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { decryptStream, encryptStream } from './adapters/stores/age-library.ts'
import { readIdentityFile } from './adapters/stores/identity-file.ts'

/** What zstd ends with as well when its reader went away. */
const cannotWrite = 70

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      recipient: { type: 'string', short: 'r', multiple: true },
      decrypt: { type: 'boolean', short: 'd' },
      identity: { type: 'string', short: 'i' },
    },
  })
  const output =
    values.decrypt === true
      ? await decryptStream(await identitiesIn(values.identity ?? ''), process.stdin)
      : await encryptStream(values.recipient ?? [], process.stdin)
  await pipeline(output, process.stdout)
}

async function identitiesIn(path: string): Promise<readonly string[]> {
  const file = await readIdentityFile(path)
  if (typeof file === 'string') throw new Error(file)
  return file.secrets
}

run().catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error.code === 'EPIPE' ? cannotWrite : 1
})
