import { readFile } from 'node:fs/promises'
import type { Secret } from '../../model/channel.ts'
import { Undelivered } from './undelivered.ts'

export interface SecretPlaces {
  readonly variables: Readonly<Record<string, string>>
  /** For paths that begin with `~/`. */
  readonly home: string
}

/** What a secret is now. A file's first line counts. Throws `Undelivered`, which names the place only. */
export async function reveal(secret: Secret, { variables, home }: SecretPlaces): Promise<string> {
  switch (secret.from) {
    case 'value':
      return secret.value
    case 'variable':
      return given(variables[secret.name], `the variable ${secret.name} is not set`)
    case 'file': {
      const path = secret.path.startsWith('~/') ? `${home}${secret.path.slice(1)}` : secret.path
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Undelivered(`${secret.path} cannot be read (${error.code ?? error.message})`, {
          transient: false,
        })
      })
      return given(text.split('\n', 1)[0], `${secret.path} is empty`)
    }
  }
}

function given(value: string | undefined, otherwise: string): string {
  const text = value?.trim() ?? ''
  if (text !== '') return text
  throw new Undelivered(otherwise, { transient: false })
}

/** A text of somebody else's with every trace of these secrets taken out, such as an answer that repeats an address. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap(partsOf).toSorted((a, b) => b.length - a.length)
  return parts.reduce((left, part) => left.replaceAll(part, '***'), text)
}

/** The whole, and of an address everything that may be a token: path, query, and each piece of them. */
function partsOf(secret: string): readonly string[] {
  if (!URL.canParse(secret)) return [secret]
  const { pathname, search, username, password } = new URL(secret)
  const pieces = [pathname, search, username, password, ...`${pathname}${search}`.split(/[/?&=]/)]
  const all = pieces.flatMap(piece => [piece, decoded(piece)])
  // Short words such as `api` are in every text, and no token.
  return [secret, ...new Set(all.filter(piece => piece.length >= 6))]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
