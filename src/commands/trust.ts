import type { ConfigurationSource } from '../core/configuration.ts'
import { escapeName } from '../core/escape.ts'
import { loosenedBy } from '../core/policy.ts'
import { rules } from '../core/rules/index.ts'
import { disposablesOf, sealOf } from '../core/trust.ts'
import type { TrustedProject } from '../core/trust.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context } from './context.ts'

/** The projects that the user trusts, remembered in the user's own state. */
export interface TrustBook {
  readonly list: () => Promise<readonly TrustedProject[]>
  readonly trust: (
    directory: string,
    what: Pick<TrustedProject, 'configurations' | 'disposable'>,
  ) => Promise<void>
  /** False when it was not trusted. */
  readonly forget: (directory: string) => Promise<boolean>
}

export interface TrustTools {
  readonly book: TrustBook
  /** The project's directory, and every configuration that counts there, the user's own too. */
  readonly directory: string
  readonly sources: readonly ConfigurationSource[]
  readonly page: (projects: readonly TrustedProject[], now: Date) => string
}

/**
 * `trust`: from now on the project's configuration counts like the user's own, and its labels are believed. Only a
 * person at a terminal can say so, after being shown what it loosens, and only for what was shown.
 */
export async function trustProject(
  context: Context,
  project: Invocation,
  { book, directory, sources }: TrustTools,
): Promise<number> {
  if (context.audience.kind !== 'person' || context.prompt === null)
    throw new Stop({ reason: 'refused', why: 'only a person at a terminal can trust a project' })
  const own = sources.filter(source => source.owner === 'project')
  const disposable = await declaredDisposable(context, project)
  const place = escapeName(directory)
  if (own.length === 0 && disposable.length === 0)
    throw new Stop({
      reason: 'not-possible',
      what: `there is nothing to trust in ${directory}: no configuration, and nothing that is declared disposable`,
      how: 'go to the directory of the project, or name it: safe-compose trust DIR',
    })
  const question = [
    `${place}: ${own.length === 0 ? 'it has no configuration' : `its configuration (${own.map(fileIn(directory)).join(', ')}) will count like your own`}`,
    ...loosenedLines(sources, directory),
    ...disposable.map(what => `  disposable: ${escapeName(what)}: not backed up, even if it is a database`),
    '  What changes there later does not count until you trust it again.',
    'Trust it?',
  ].join('\n')
  if (!(await context.prompt.confirm(question))) throw new Stop({ reason: 'declined' })
  await book.trust(directory, {
    configurations: own.map(source => sealOf(source, directory, context.host.sha256)),
    disposable,
  })
  context.print(`trusted: ${place}\n`)
  return 0
}

/** `trust --list`. */
export async function listTrusted(context: Context, { book, page }: TrustTools): Promise<number> {
  context.print(page(await book.list(), context.host.now()))
  return 0
}

/** `trust --remove`: anybody may take trust away. By the directory as typed too, which may be gone. */
export async function forgetTrusted(context: Context, { book, directory }: TrustTools): Promise<number> {
  const forgotten = (await book.forget(context.directory)) || (await book.forget(directory))
  if (!forgotten)
    throw new Stop({
      reason: 'not-possible',
      what: `${directory} is not trusted`,
      how: 'see what is: safe-compose trust --list',
    })
  context.print(`no longer trusted: ${escapeName(directory)}\n`)
  return 0
}

/** What the resolved model says; nothing where it cannot be read, which then is not believed later either. */
async function declaredDisposable(context: Context, project: Invocation): Promise<readonly string[]> {
  const answer = await context.compose.model(project, { everything: true })
  if (!answer.ok) return []
  const { model } = answer
  return disposablesOf({ model, containers: [], volumes: [], project: { name: model.name } })
}

function loosenedLines(sources: readonly ConfigurationSource[], directory: string): readonly string[] {
  const loosened = loosenedBy({ sources, knownRules: rules })
  if (loosened.length === 0) return ['  It loosens nothing as it is now.']
  return loosened.map(({ source, objection }) => {
    const { path, what } = objection
    const line = source.lineOf(path)
    const place = `${fileIn(directory)(source)}${line === null ? '' : `:${line}`}`
    return `  loosens: ${place}  ${escapeName(path.join('.'))}: ${escapeName(valueAt(source.value, path))}  (without trust, ${what})`
  })
}

function valueAt(value: unknown, path: readonly string[]): string {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  )
  return typeof found === 'string' ? found : (JSON.stringify(found) ?? '')
}

function fileIn(directory: string): (source: ConfigurationSource) => string {
  return ({ file }) => escapeName(file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file)
}
