import type { Document, Node, Pair } from 'yaml'
import { Stop } from '../../model/failure.ts'

/** A YAML file's value, and where its keys stand. */
export interface ReadYaml {
  readonly value: unknown
  /**
   * The line of a key, or of the entry of a list by its index, counted from 1: of the nearest above it that is there;
   * null for an empty path.
   */
  readonly lineOf: (path: readonly string[]) => number | null
}

/** Reads one YAML document. Throws `bad-configuration` with the line where it is no YAML. */
export async function readYaml(file: string, text: string): Promise<ReadYaml> {
  const { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document: Document.Parsed = parseDocument(text, { lineCounter, merge: true, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw notYaml(file, lineCounter.linePos(error.pos[0]).line, error.message)

  const keyOf = (map: unknown, key: string): Pair<Node, Node> | undefined =>
    isMap<Node, Node>(map)
      ? map.items.find(pair => isScalar(pair.key) && String(pair.key.value) === key)
      : undefined
  const lineOf = (path: readonly string[]): number | null => {
    let at: unknown = document.contents
    let line: number | null = null
    for (const key of path) {
      const entry: unknown = isSeq(at) ? at.items[Number(key)] : undefined
      const pair = keyOf(at, key)
      if (pair === undefined && entry === undefined) break
      const place = pair?.key ?? entry
      if (isNode(place) && place.range) ({ line } = lineCounter.linePos(place.range[0]))
      at = pair === undefined ? entry : pair.value
    }
    return line
  }
  try {
    return { value: document.toJS(), lineOf }
  } catch (cause) {
    throw notYaml(file, null, cause instanceof Error ? cause.message : String(cause))
  }
}

function notYaml(file: string, line: number | null, why: string): Stop {
  return new Stop({
    reason: 'bad-configuration',
    file,
    line,
    key: null,
    what: `it is no YAML that can be read: ${why}`,
    how: 'correct it, or take it away',
  })
}
