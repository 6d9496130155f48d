import { folderOfStore } from '../core/store-location.ts'
import type { Invocation } from '../model/invocation.ts'
import type { KeysShown } from '../model/keys.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'
import { whySealed } from './sealed.ts'

/** Files with identities, injected so that commands need not know how a key is made. */
export interface KeyFiles {
  /** Where an identity goes when no file is named. */
  readonly usual: string
  /** Makes a key and writes its identity; gives the recipient. Throws `not-possible`. */
  readonly generate: (to: {
    readonly file: string
    readonly makesFolder: boolean
    readonly stores: readonly string[]
    readonly now: Date
  }) => Promise<string>
  /** What a file's identities belong to, in words why that cannot be told; whether others may read it. */
  readonly look: (
    file: string,
  ) => Promise<{ readonly recipients: readonly string[] | string; readonly isOpenToOthers: boolean }>
  /** An absolute path for one that was typed. */
  readonly resolve: (file: string) => string
}

export interface KeysTables {
  readonly generated: (key: { readonly file: string; readonly recipient: string }) => string
  readonly keys: (shown: KeysShown) => string
}

/** `keys generate [FILE]`: a new key. Nothing is encrypted to it before the configuration names its recipient. */
export async function generateKey(
  context: Context,
  file: string | null,
  keys: KeyFiles,
  tables: KeysTables,
): Promise<number> {
  const store = await context.openStore()
  const path = file === null ? (context.policy.encrypt.identityFile ?? keys.usual) : keys.resolve(file)
  const recipient = await keys.generate({
    file: path,
    makesFolder: path === keys.usual,
    stores: [...store.folders, ...context.policy.copies.flatMap(place => folderOfStore(place) ?? [])],
    now: context.host.now(),
  })
  context.print(tables.generated({ file: path, recipient }))
  context.reporter.say({
    type: 'warning',
    text: `keep a copy of ${path} on another machine, or on paper: without it nobody can open an encrypted backup`,
  })
  return 0
}

/** `keys show`. 1 where an identity is named and does not open what it is there for. */
export async function showKeys(
  context: Context,
  project: Invocation,
  options: { readonly json: boolean },
  keys: KeyFiles,
  tables: KeysTables,
): Promise<number> {
  const { recipients, identityFile } = context.policy.encrypt
  const shown: KeysShown = {
    recipients,
    identity: identityFile === null ? null : await identityAt(identityFile, recipients, keys),
    newest: await newestOf(context, project),
  }
  context.print(options.json ? `${JSON.stringify(shown, null, 2)}\n` : tables.keys(shown))
  const { identity, newest } = shown
  const opensAll =
    (recipients.length === 0 || identity?.opensNew === true) && (newest?.sealed ?? null) === null
  return identity === null || opensAll ? 0 : 1
}

async function identityAt(
  file: string,
  inForce: readonly string[],
  keys: KeyFiles,
): Promise<NonNullable<KeysShown['identity']>> {
  const { recipients, isOpenToOthers } = await keys.look(file)
  const opensNew = typeof recipients !== 'string' && recipients.some(each => inForce.includes(each))
  return { file, recipients, isOpenToOthers, opensNew }
}

async function newestOf(context: Context, project: Invocation): Promise<KeysShown['newest']> {
  const store = await context.openStore()
  const points = await store.list({ engine: null, project: await findProjectName(context, project) })
  const newest = points.find((point: RestorePoint) => point.state === 'good')
  if (newest === undefined) return null
  return {
    id: newest.id,
    recipients: newest.manifest.encryption?.recipients ?? [],
    sealed: (await whySealed(store, newest))?.why ?? null,
  }
}
