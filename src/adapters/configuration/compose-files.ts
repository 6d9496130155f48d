import { dirname, resolve } from 'node:path'
import type { Pin, VolumeDeclarations } from '../../core/pins.ts'
import { pinInText } from './pin-text.ts'
import { keepCopy, readExactly, replaceFile } from './replace-file.ts'

/** Compose files as text, and what they say about volumes. Copies are kept in `folder`. */
export function openComposeFiles(folder: string, now: () => Date) {
  return {
    read: readExactly,
    declarations: async (files: readonly string[]): Promise<readonly VolumeDeclarations[]> => {
      const found: VolumeDeclarations[] = []
      const seen = new Set<string>()
      const queue = [...files]
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
        if (seen.has(file)) continue
        seen.add(file)
        const text = await readExactly(file).catch(() => null)
        const declared = text === null ? null : await declarationsIn(file, text)
        if (declared === null) continue
        found.push(declared)
        queue.push(...declared.includes)
      }
      return found
    },
    pinned: async (file: string, text: string, pins: readonly Pin[]): Promise<string> => {
      let changed = text
      for (const pin of pins) changed = await pinInText(file, changed, pin)
      return changed
    },
    replace: replaceFile,
    keep: (file: string, text: string): Promise<string> => keepCopy(folder, file, text, now()),
    parse: async (text: string): Promise<unknown> => {
      const { parse } = await import('yaml')
      return parse(text, { merge: true, maxAliasCount: -1, logLevel: 'silent' }) as unknown
    },
  }
}

/** Null for what is no YAML. */
async function declarationsIn(file: string, text: string): Promise<VolumeDeclarations | null> {
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(text, { merge: true, prettyErrors: false, logLevel: 'silent' })
  if (!Array.isArray(documents) || documents.some(each => each.errors.length > 0)) return null
  const roots = documents.map(each => recordOf(each.toJS({ maxAliasCount: -1 })))
  const included = roots.flatMap(root => listOf(root['include']).flatMap(includedPaths))
  return {
    file,
    volumes: roots.flatMap(root =>
      Object.entries(recordOf(root['volumes'])).map(([key, value]) => {
        const { name, external } = recordOf(value)
        const inner = recordOf(external)['name']
        return {
          key,
          name: textOf(name) ?? textOf(inner),
          external: external === true || inner !== undefined,
        }
      }),
    ),
    mounted: roots.flatMap(root =>
      Object.values(recordOf(root['services'])).flatMap(service =>
        listOf(recordOf(service)['volumes']).flatMap(mountedKey),
      ),
    ),
    includes: included.filter(isLocal).map(path => resolve(dirname(file), path)),
    unfollowed: included.filter(path => !isLocal(path)),
  }
}

/** `include: - path`, `- path: one`, `- path: [one, two]`. */
function includedPaths(entry: unknown): readonly string[] {
  if (typeof entry === 'string') return [entry]
  const { path } = recordOf(entry)
  return (Array.isArray(path) ? path : [path]).filter(each => typeof each === 'string')
}

function isLocal(path: string): boolean {
  return !path.includes('$') && !/^[a-z]+:\/\/|^git@|^github\.com\//.test(path)
}

function mountedKey(mount: unknown): readonly string[] {
  const source = typeof mount === 'string' ? mount.split(':')[0] : textOf(recordOf(mount)['source'])
  const isPath = source === null || source === undefined || /^[./~]/.test(source)
  return isPath || (typeof mount === 'string' && !mount.includes(':')) ? [] : [source]
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
