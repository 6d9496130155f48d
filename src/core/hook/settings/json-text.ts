/** A JSON text with its places, so that it can be added to without touching anything else. Comments may be in it. */
export type JsonNode = JsonObject | JsonArray | JsonScalar

interface Place {
  readonly start: number
  /** Behind its last character. */
  readonly end: number
}

export interface JsonObject extends Place {
  readonly kind: 'object'
  readonly members: readonly JsonMember[]
}

/** `start` is that of the key. */
export interface JsonMember extends Place {
  readonly key: string
  readonly value: JsonNode
}

export interface JsonArray extends Place {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

export interface JsonScalar extends Place {
  readonly kind: 'scalar'
  readonly value: unknown
}

/** Reads a JSON text; comments and a comma behind the last member are allowed. Throws a `SyntaxError` that says where. */
export function readJson(text: string): JsonNode {
  let at = 0

  const fail = (what: string): never => {
    const before = text.slice(0, at).split('\n')
    throw new SyntaxError(`${what} at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`)
  }
  const skip = (): void => {
    const found = /^(?:\s|\uFEFF|\/\/[^\n]*|\/\*[^]*?\*\/)+/.exec(text.slice(at))
    at += found?.[0].length ?? 0
  }
  const take = (character: string): void => {
    if (text[at] !== character) fail(`there is no ${character}`)
    at++
  }
  const token = (pattern: RegExp): string => {
    const found = pattern.exec(text.slice(at))?.[0]
    if (found === undefined) return fail('there is no value')
    at += found.length
    return found
  }
  const string = (): string => JSON.parse(token(/^"(?:[^"\\\n]|\\.)*"/)) as string

  const several = <T>(close: string, one: () => T): readonly T[] => {
    const found: T[] = []
    at++
    for (skip(); text[at] !== close; skip()) {
      if (at >= text.length) fail(`there is no ${close}`)
      found.push(one())
      skip()
      if (text[at] !== close) take(',')
    }
    at++
    return found
  }
  const value = (): JsonNode => {
    const start = at
    if (text[at] === '{') {
      const members = several('}', () => {
        const begin = at
        const key = string()
        skip()
        take(':')
        skip()
        const inner = value()
        return { key, value: inner, start: begin, end: inner.end }
      })
      return { kind: 'object', members, start, end: at }
    }
    if (text[at] === '[') return { kind: 'array', items: several(']', value), start, end: at }
    const found = text[at] === '"' ? string() : (JSON.parse(token(/^[-+.\w]+/)) as unknown)
    return { kind: 'scalar', value: found, start, end: at }
  }

  skip()
  const node = value()
  skip()
  if (at < text.length) fail('there is something behind the end')
  return node
}

/** What stands at a place of the text. */
export function valueOf(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(node.members.map(({ key, value }) => [key, valueOf(value)]))
    case 'array':
      return node.items.map(valueOf)
    case 'scalar':
      return node.value
  }
}

export function memberOf(node: JsonNode | undefined, key: string): JsonMember | undefined {
  return node?.kind === 'object' ? node.members.find(each => each.key === key) : undefined
}

/**
 * Adds one more to an object or an array, behind what is there and laid out like it: `piece` makes its text, given
 * what a new line begins with, or null where everything stands on one line.
 */
export function added(
  text: string,
  container: JsonObject | JsonArray,
  piece: (newLine: string | null) => string,
): string {
  const children = container.kind === 'object' ? container.members : container.items
  const last = children.at(-1)
  if (last === undefined) return insert(text, container.start + 1, piece(null))
  const lead = leadOf(text, last.start)
  if (lead === null) return insert(text, last.end, `, ${piece(null)}`)
  return insert(insert(text, endOfLine(text, last.end), `${lead}${piece(lead)}`), last.end, ',')
}

/** Takes one out again: what `added` did is undone. */
export function removed(text: string, container: JsonObject | JsonArray, index: number): string {
  const children = container.kind === 'object' ? container.members : container.items
  const child = children[index]
  if (child === undefined) return text
  const previous = children[index - 1]
  const next = children[index + 1]
  const lead = leadOf(text, child.start)
  const start = child.start - (lead?.length ?? 0)
  if (next !== undefined) {
    const nextLead = leadOf(text, next.start)?.length ?? 0
    return cut(text, start, next.start - nextLead)
  }
  if (previous === undefined) return cut(text, start, child.end)
  const comma = text.indexOf(',', previous.end)
  if (lead === null) return cut(text, comma, child.end)
  return cut(cut(text, start, child.end), comma, comma + 1)
}

/** The new line and the blanks before a place, if nothing else stands between. */
function leadOf(text: string, at: number): string | null {
  return /\r?\n[ \t]*$/.exec(text.slice(0, at))?.[0] ?? null
}

/** Behind a comment on the same line. */
function endOfLine(text: string, at: number): number {
  return at + (/^[ \t]*(?:\/\/[^\n\r]*|\/\*[^\n]*?\*\/)/.exec(text.slice(at))?.[0].length ?? 0)
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at)
}

function cut(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(end)
}
