import { readFile } from 'node:fs/promises'
import { recipientOf } from './age-library.ts'

/** A file of identities as `age-keygen` writes it: secret keys, a line each, and comments. */
export interface IdentityFile {
  readonly secrets: readonly string[]
  /** What the secrets belong to, in the same order. */
  readonly recipients: readonly string[]
}

/** Reads one. In words what is wrong with it, where it cannot be read or holds no identity; never what stands in it. */
export async function readIdentityFile(path: string): Promise<IdentityFile | string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${message}`
  }
  const secrets = secretsIn(text)
  if (secrets.length === 0) return `${path} holds no identity (a line AGE-SECRET-KEY-1…)`
  try {
    return { secrets, recipients: await Promise.all(secrets.map(recipientOf)) }
  } catch {
    return `${path} holds an identity that is not whole`
  }
}

function secretsIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line.startsWith('AGE-SECRET-KEY-1'))
}
