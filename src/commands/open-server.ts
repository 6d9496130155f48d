import { once } from '../core/once.ts'
import type { Login, ServerKind } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { DatabaseServer, Inside } from '../model/ports.ts'
import type { Context } from './context.ts'

/** The server in a container, logged in to as the configuration says for its service; else as its container tells. */
export function openServer(
  context: Context,
  kind: ServerKind,
  inside: Inside,
  of: { readonly project: string | null; readonly service: string | null },
): DatabaseServer {
  const login = context.policy.logins.find(
    ({ project, service }) => project === of.project && service === of.service,
  )
  return context.databases.server(kind, login === undefined ? inside : withLogin(context, inside, login))
}

/** Whatever runs inside is told who to be. A password is read when it is first needed, and goes nowhere else. */
function withLogin(context: Context, inside: Inside, login: Login): Inside {
  const told = once(async () => ({
    ...(login.user === null ? {} : { SC_USER: login.user }),
    ...(login.password === null ? {} : { SC_PASSWORD: await passwordOf(context, login, login.password) }),
  }))
  return {
    ...inside,
    run: async (line, options = {}) =>
      inside.run(line, { ...options, variables: { ...options.variables, ...(await told()) } }),
    start: async (line, options = {}) =>
      inside.start(line, { ...options, variables: { ...options.variables, ...(await told()) } }),
  }
}

async function passwordOf(
  { files, variables }: Context,
  { project, service }: Login,
  password: NonNullable<Login['password']>,
): Promise<string> {
  const [text, where] =
    password.from === 'file'
      ? [await files.readText(password.path), password.path]
      : [variables[password.name] ?? null, `$${password.name}`]
  const word = text?.split('\n', 1)[0] ?? ''
  if (word !== '') return word
  throw new Stop({
    reason: 'not-possible',
    what: `the password of ${service} of ${project} cannot be read: ${where} is ${text === null ? 'not there' : 'empty'}`,
    how: 'write it there, or correct logins in your configuration: safe-compose settings',
  })
}
