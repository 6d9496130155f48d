import { readFile } from 'node:fs/promises'
import type { BundledLibrary } from '../../model/about.ts'

interface Component {
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly licenses?: readonly {
    readonly expression?: string
    readonly license?: { readonly id?: string; readonly name?: string }
  }[]
}

/** What the bill of materials in this file (CycloneDX JSON) lists, by name; null where there is none. */
export async function readLibraries(file: string): Promise<readonly BundledLibrary[] | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const { components } = JSON.parse(text) as { readonly components: readonly Component[] }
  return components
    .map(({ group, name, version, licenses = [] }) => ({
      name: group === undefined ? name : `${group}/${name}`,
      version,
      licenses: licenses.flatMap(
        ({ expression, license }) => expression ?? license?.id ?? license?.name ?? [],
      ),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
