/** A place in a file; lines and columns are counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A parsed file in which every part knows where it stands. Aliases and merges are resolved. */
export type Tree = MapTree | ListTree | ScalarTree

export interface MapTree {
  readonly kind: 'map'
  readonly at: Place
  readonly entries: ReadonlyMap<string, { readonly at: Place; readonly value: Tree }>
}

export interface ListTree {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly Tree[]
}

export interface ScalarTree {
  readonly kind: 'scalar'
  readonly at: Place
  /** As text; null for nothing. */
  readonly text: string | null
}

/** A file that could be read, or where it cannot. */
export type ParsedFile =
  | {
      readonly ok: true
      readonly file: string
      readonly roots: readonly Tree[]
      readonly lines: readonly string[]
    }
  | { readonly ok: false; readonly file: string; readonly at: Place; readonly why: string }

export function entryOf(
  tree: Tree | undefined,
  key: string,
): { readonly at: Place; readonly value: Tree } | null {
  return tree?.kind === 'map' ? (tree.entries.get(key) ?? null) : null
}

export function valueOf(tree: Tree | undefined, key: string): Tree | undefined {
  return entryOf(tree, key)?.value
}

export function textOf(tree: Tree | undefined): string | null {
  return tree?.kind === 'scalar' ? tree.text : null
}

export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  if (tree?.kind === 'list') return tree.items
  return tree?.kind === 'scalar' && tree.text !== null ? [tree] : []
}
