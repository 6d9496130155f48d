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

/** What a bill of materials (CycloneDX JSON) lists, by name. */
export function librariesIn(text: string): readonly BundledLibrary[] {
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
