import type * as YamlLibrary from 'yaml'
import type { LineCounter, Node } from 'yaml'
import type { ParsedFile, Place, ScalarTree, Tree } from '../../core/lint/tree.ts'

/** Reads a Compose file with the place of everything in it; aliases and merges are resolved. Never throws. */
export async function readTree(file: string, text: string): Promise<ParsedFile> {
  const yaml = await import('yaml')
  const lineCounter = new yaml.LineCounter()
  const documents = yaml.parseAllDocuments(text, {
    lineCounter,
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const all = Array.isArray(documents) ? documents : []
  const error = all.flatMap(document => document.errors)[0]
  if (error !== undefined)
    return { ok: false, file, at: placeOf(lineCounter, file, error.pos[0]), why: error.message }
  const roots = all.map(document => treeReader(yaml, file, lineCounter, document)(document.contents))
  return { ok: true, file, roots, lines: text.split(/\r?\n/) }
}

function placeOf(lineCounter: LineCounter, file: string, offset: number): Place {
  const { line, col } = lineCounter.linePos(offset)
  return { file, line: Math.max(1, line), column: Math.max(1, col) }
}

function treeReader(
  yaml: typeof YamlLibrary,
  file: string,
  lineCounter: LineCounter,
  document: YamlLibrary.Document,
): (node: unknown) => Tree {
  /** What an alias leads to is read once; one that leads to what holds it leads nowhere. */
  const known = new Map<Node, Tree>()
  const nothing = (offset: number): ScalarTree => ({
    kind: 'scalar',
    at: placeOf(lineCounter, file, offset),
    text: null,
  })

  function read(node: unknown): Tree {
    if (!yaml.isNode(node)) return nothing(0)
    const before = known.get(node)
    if (before !== undefined) return before
    known.set(node, nothing(node.range?.[0] ?? 0))
    const tree = readNode(node)
    known.set(node, tree)
    return tree
  }

  function readNode(node: Node): Tree {
    const at = placeOf(lineCounter, file, node.range?.[0] ?? 0)
    if (yaml.isAlias(node)) return { ...read(node.resolve(document)), at }
    if (yaml.isSeq(node)) return { kind: 'list', at, items: node.items.map(read) }
    if (yaml.isMap(node)) return { kind: 'map', at, entries: entriesOf(node) }
    if (!yaml.isScalar(node) || node.tag === '!reset' || node.value === null)
      return { kind: 'scalar', at, text: null }
    const { value, source } = node
    return { kind: 'scalar', at, text: typeof value === 'string' ? value : (source ?? JSON.stringify(value)) }
  }

  function entriesOf(
    map: YamlLibrary.YAMLMap,
  ): ReadonlyMap<string, { readonly at: Place; readonly value: Tree }> {
    const merged: [string, { readonly at: Place; readonly value: Tree }][] = []
    const own: [string, { readonly at: Place; readonly value: Tree }][] = []
    for (const { key, value } of map.items) {
      if (!yaml.isScalar(key)) continue
      const name = String(key.value)
      if (name === '<<') merged.push(...mergedEntries(read(value)))
      else own.push([name, { at: placeOf(lineCounter, file, key.range?.[0] ?? 0), value: read(value) }])
    }
    return new Map([...merged, ...own])
  }

  /** Of several merged mappings the first counts. */
  function mergedEntries(tree: Tree): readonly [string, { readonly at: Place; readonly value: Tree }][] {
    if (tree.kind === 'map') return [...tree.entries]
    return tree.kind === 'list' ? tree.items.toReversed().flatMap(mergedEntries) : []
  }

  return read
}
