import type { Login } from '../model/database.ts'
import { nearest } from './did-you-mean.ts'

/** Makes the error that names a place in a configuration. */
export type Complain = (path: readonly string[], what: string, how: string) => Error

const keys = ['project', 'service', 'user', 'passwordFile', 'passwordVariable'] as const
const example = '- { project: shop, service: db, user: backup, passwordFile: ~/.config/safe-compose/shop-db }'

/** Reads `logins`. Throws what `complain` makes. A password itself is not taken: files are copied and shown around. */
export function readLogins(value: unknown, complain: Complain): readonly Login[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw complain(['logins'], 'it is not a list', `write entries: ${example}`)
  const logins = value.map((entry: unknown, index) => readLogin(['logins', String(index)], entry, complain))
  const twice = logins.findIndex(({ project, service }, index) =>
    logins.slice(0, index).some(each => each.project === project && each.service === service),
  )
  if (twice < 0) return logins
  throw complain(
    ['logins', String(twice), 'service'],
    'the service has a login already',
    'write one for each service',
  )
}

function readLogin(path: readonly string[], value: unknown, complain: Complain): Login {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw complain(path, 'it is not a mapping', `such as ${example}`)
  const fields = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(fields).find(key => !keys.some(known => known === key))
  if (unknown !== undefined) {
    const meant = nearest(unknown, keys)
    const how = meant === null ? `there are: ${keys.join(', ')}` : `did you mean ${meant}?`
    throw complain([...path, unknown], 'there is no such key', how)
  }
  const text = (key: (typeof keys)[number]): string | null => {
    const written = fields[key] ?? null
    if (written === null || (typeof written === 'string' && written.trim() !== '')) return written
    throw complain([...path, key], 'it is not a text', `such as ${example}`)
  }
  const needed = (key: 'project' | 'service'): string => {
    const written = text(key)
    if (written !== null) return written
    throw complain(path, `it names no ${key}`, `such as ${example}`)
  }
  const [project, service] = [needed('project'), needed('service')]
  const [file, variable] = [text('passwordFile'), text('passwordVariable')]
  if (file !== null && variable !== null)
    throw complain([...path, 'passwordVariable'], 'the password has a file already', 'write one of the two')
  if (file !== null && !/^(\/|~\/|[A-Za-z]:[\\/])/.test(file))
    throw complain([...path, 'passwordFile'], 'it is not an absolute path', `such as ${example}`)
  const user = text('user')
  if (user === null && file === null && variable === null)
    throw complain(path, 'it names neither a user nor a password', `such as ${example}`)
  const password =
    file !== null
      ? ({ from: 'file', path: file } as const)
      : variable !== null
        ? ({ from: 'variable', name: variable } as const)
        : null
  return { project, service, user, password }
}

/** As `settings` shows it: `db of shop: as backup, with the password in ~/db-password`. */
export function loginInWords({ project, service, user, password }: Login): string {
  const as = user === null ? [] : [`as ${user}`]
  const word =
    password === null
      ? []
      : [`with the password in ${password.from === 'file' ? password.path : `$${password.name}`}`]
  return `${service} of ${project}: ${[...as, ...word].join(', ')}`
}

/** What `readLogins` accepts, for editors. */
export const loginsSchema = {
  type: ['array', 'null'],
  description:
    'how databases are logged in to whose containers do not tell; only in a configuration of your own',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['project', 'service'],
    properties: {
      project: { type: 'string', description: 'the name of the project' },
      service: { type: 'string', description: 'the service of the database' },
      user: { type: 'string' },
      passwordFile: { type: 'string', description: 'an absolute path, or one that begins with ~/' },
      passwordVariable: { type: 'string', description: 'the name of an environment variable' },
    },
  },
}
