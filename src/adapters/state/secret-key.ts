import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from './write-atomically.ts'

const length = 32

/** The user's own key for hashing what must not be kept: made once, readable by nobody else. */
export async function readOrMakeKey(stateFolder: string): Promise<Uint8Array> {
  const path = join(stateFolder, 'key')
  const known = await readKey(path)
  if (known !== null) return known
  const key = randomBytes(length)
  await writeAtomically(path, key.toString('base64'))
  // Of two that make it at the same time the later one stands.
  return (await readKey(path)) ?? key
}

async function readKey(path: string): Promise<Uint8Array | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  const key = text === null ? null : Buffer.from(text, 'base64')
  return key?.length === length ? key : null
}
