import type * as YamlLibrary from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import type { Pin } from '../../core/pins.ts'
import { Stop } from '../../model/failure.ts'

type Yaml = typeof YamlLibrary

/** A piece of the text that is replaced. */
interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The text of a Compose file with a volume's name written into it. Everything else stays byte for byte: the change is
 * made at the place that the parsed document tells, never by writing the document anew. A key that the file does not
 * declare is added. Throws `not-possible`, with what to write by hand, where it cannot be done safely.
 */
export async function pinInText(file: string, text: string, pin: Pin): Promise<string> {
  const yaml = await import('yaml')
  const document = documentOf(yaml, file, text, pin)
  const edits = new Editor(yaml, file, text, document, pin).edits()
  const changed = edits
    .toSorted((one, other) => other.from - one.from)
    .reduce((whole, edit) => whole.slice(0, edit.from) + edit.text + whole.slice(edit.to), text)
  proveSame(yaml, file, text, changed, pin)
  return changed
}

/** The document of the file that declares the key; of several without it, the first. */
function documentOf(yaml: Yaml, file: string, text: string, pin: Pin): Document.Parsed {
  const documents = parseAll(yaml, text)
  const broken = documents.find(document => document.errors.length > 0)
  const [first] = documents
  if (first === undefined) throw byHand(file, pin, 'the file is empty')
  if (broken !== undefined)
    throw byHand(file, pin, `it is no YAML that can be read: ${broken.errors[0]?.message}`)
  return documents.find(document => document.hasIn(['volumes', pin.key])) ?? first
}

function parseAll(yaml: Yaml, text: string): readonly Document.Parsed[] {
  const options = { keepSourceTokens: true, merge: true, prettyErrors: false, logLevel: 'silent' } as const
  const documents = yaml.parseAllDocuments(text, options)
  return Array.isArray(documents) ? documents : []
}

function byHand(file: string, { key, volume, external }: Pin, why: string): Stop {
  const body = `name: ${scalarText(volume, false)}${external ? ', external: true' : ''}`
  return new Stop({
    reason: 'not-possible',
    what: `${file} was not changed: ${why}`,
    how: `write it by hand: volumes: { ${key}: { ${body} } }`,
  })
}

class Editor {
  readonly #yaml: Yaml
  readonly #file: string
  readonly #text: string
  readonly #document: Document.Parsed
  readonly #pin: Pin
  /** The line ending of the file. */
  readonly #eol: string
  /** Strings are written with double quotes, as in JSON. */
  #quotes = false
  #step = 2

  constructor(yaml: Yaml, file: string, text: string, document: Document.Parsed, pin: Pin) {
    this.#yaml = yaml
    this.#file = file
    this.#text = text
    this.#document = document
    this.#pin = pin
    this.#eol = /\r?\n/.exec(text)?.[0] ?? '\n'
  }

  edits(): readonly Edit[] {
    const root: unknown = this.#document.contents
    if (!this.#isMap(root)) throw this.#byHand('its top level is no mapping')
    const first = root.items[0]
    this.#quotes = root.flow === true && (first === undefined || isQuoted(first.key))
    const volumes = this.#pairOf(root, 'volumes')
    if (volumes === null) return this.#newSection(root)
    if (this.#isAlias(volumes.value)) throw this.#byHand('its `volumes` are an alias of something else')
    if (this.#isNothing(volumes.value)) return this.#fillIn(volumes, root, this.#entry())
    if (!this.#isMap(volumes.value)) throw this.#byHand('its `volumes` are no mapping')
    const map = volumes.value
    this.#step = this.#stepOf(volumes, map)
    const pair = this.#pairOf(map, this.#pin.key)
    if (pair === null) return this.#insertFirst(map, this.#entry())
    return this.#pinPair(pair, map)
  }

  /** Writes the name into what the key has already. */
  #pinPair(pair: Pair, parent: YAMLMap): readonly Edit[] {
    const { value } = pair
    if (hasTag(value)) throw this.#byHand(`${this.#pin.key} carries a tag`)
    if (this.#isAlias(value)) return this.#instead(value, this.#overAlias(value.source))
    if (this.#isNothing(value)) {
      if (this.#isSharedAnchor(value)) return this.#splitAnchor(pair, parent)
      return this.#fillIn(pair, parent, this.#body())
    }
    if (!this.#isMap(value)) throw this.#byHand(`${this.#pin.key} is no mapping`)
    if (this.#isSharedAnchor(value)) return this.#splitAnchor(pair, parent)
    return this.#pinMap(value)
  }

  #pinMap(map: YAMLMap): readonly Edit[] {
    const edits: Edit[] = []
    const external = this.#pairOf(map, 'external')
    // Version 1's way: `external: { name: … }`.
    const inner =
      external !== null && this.#isMap(external.value) ? this.#pairOf(external.value, 'name') : null
    const name = this.#pairOf(map, 'name') ?? inner
    const missing: (readonly [string, string])[] = []
    if (name === null) missing.push(['name', this.#pin.volume])
    else edits.push(...this.#replaceScalar(name, this.#scalar(this.#pin.volume, name.value)))
    if (this.#pin.external) {
      if (external === null) missing.push(['external', 'true'])
      else if (this.#yaml.isScalar(external.value) && external.value.value !== true)
        edits.push(...this.#replaceScalar(external, 'true'))
    }
    if (missing.length > 0)
      edits.push(
        ...this.#insertFirst(
          map,
          missing.map(pair => this.#pairText(pair)),
        ),
      )
    return edits
  }

  #replaceScalar(pair: Pair, text: string): readonly Edit[] {
    const { value } = pair
    if (!this.#yaml.isNode(value) || !value.range || hasTag(value) || !this.#yaml.isScalar(value))
      throw this.#byHand(`${this.#keyText(pair)} of ${this.#pin.key} is not a plain value`)
    if (value.anchor !== undefined)
      throw this.#byHand(`${this.#keyText(pair)} of ${this.#pin.key} is an anchor`)
    if (value.range[0] === value.range[1])
      throw this.#byHand(`${this.#keyText(pair)} of ${this.#pin.key} is empty`)
    return [{ from: value.range[0], to: value.range[1], text }]
  }

  /** `pgdata: *x` becomes `pgdata: { <<: *x, name: … }`, which leaves the others that mean `*x` alone. */
  #overAlias(source: string): string {
    const target = this.#document.contents === null ? undefined : this.#anchored(source)
    const own = this.#body().join(', ')
    return this.#isMap(target) && target.items.length > 0 ? `{ <<: *${source}, ${own} }` : `{ ${own} }`
  }

  #anchored(source: string): unknown {
    let found: unknown
    this.#yaml.visit(this.#document, {
      Node: (_, node) => {
        if ('anchor' in node && node.anchor === source) found = node
      },
    })
    return found
  }

  /** Others mean the same by an alias or a merge: they must not get the name. */
  #isSharedAnchor(value: unknown): boolean {
    const anchor = this.#yaml.isNode(value) && 'anchor' in value ? value.anchor : undefined
    if (anchor === undefined) return false
    let used = false
    this.#yaml.visit(this.#document, {
      Alias: (_, { source }) => {
        if (source === anchor) used = true
      },
    })
    return used
  }

  /** `pgdata: &x …` becomes `pgdata: { name: …, <<: &x … }`: what is shared stays without the name. */
  #splitAnchor(pair: Pair, parent: YAMLMap): readonly Edit[] {
    const value = pair.value as Node & { readonly flow?: boolean }
    const anchor = tokensBefore(pair).find(token => token.type === 'anchor')
    const colon = tokensBefore(pair).find(token => token.type === 'map-value-ind')
    const range = value.range
    if (anchor === undefined || colon === undefined || !range || this.#pairOf(value, 'name') !== null)
      throw this.#byHand(
        `${this.#pin.key} is shared with other volumes by &${'anchor' in value ? value.anchor : ''}`,
      )
    const own = this.#body().join(', ')
    if (this.#isNothing(value)) {
      const end = Math.max(anchor.offset + anchor.source.length, range[1])
      return [{ from: anchor.offset, to: end, text: `{ ${own}, <<: ${anchor.source} {} }` }]
    }
    if (value.flow === true) {
      const shared = this.#text.slice(anchor.offset, range[1])
      return [{ from: anchor.offset, to: range[1], text: `{ ${own}, <<: ${shared} }` }]
    }
    if (parent.flow === true) throw this.#byHand(`${this.#pin.key} is shared with other volumes`)
    const indent = ' '.repeat(this.#columnOf(pair) + this.#step)
    const lines = this.#body().map(line => `${this.#eol}${indent}${line}`)
    return [
      { from: colon.offset + 1, to: anchor.offset, text: `${lines.join('')}${this.#eol}${indent}<<: ` },
      ...this.#indented(range[0], range[1]),
    ]
  }

  /** Every line that begins in the stretch moves in by a step. */
  #indented(from: number, to: number): readonly Edit[] {
    const edits: Edit[] = []
    const space = ' '.repeat(this.#step)
    for (let at = this.#startOfLine(from); at < to; at = this.#text.indexOf('\n', at) + 1) {
      if (!/^\s*(\r?\n|$)/.test(this.#text.slice(at, this.#endOfLine(at) + this.#eol.length)))
        edits.push({ from: at, to: at, text: space })
      if (!this.#text.includes('\n', at)) break
    }
    return edits
  }

  /** Gives a key without a value one. */
  #fillIn(pair: Pair, parent: YAMLMap, lines: readonly string[]): readonly Edit[] {
    const { value } = pair
    const tokens = tokensBefore(pair)
    if (pair.srcToken?.start.some(token => token.type === 'explicit-key-ind') === true)
      throw this.#byHand(`${this.#keyText(pair)} is written with a question mark`)
    if (this.#isMap(value) || (this.#yaml.isScalar(value) && (value.source ?? '') !== ''))
      return this.#instead(value, this.#flow(lines))
    const last = tokens.findLast(
      token => token.type !== 'space' && token.type !== 'newline' && token.type !== 'comment',
    )
    if (parent.flow === true) {
      const key = this.#yaml.isNode(pair.key) ? (pair.key.range?.[1] ?? 0) : 0
      const at = last === undefined ? key : last.offset + last.source.length
      const before = last === undefined ? ': ' : ' '
      return [{ from: at, to: at, text: `${before}${this.#flow(lines)}` }]
    }
    const at = this.#endOfLine(last?.offset ?? 0)
    const indent = ' '.repeat(this.#columnOf(pair) + this.#step)
    return [
      {
        from: at,
        to: at,
        text: lines.map(line => `${this.#eol}${indent}${reindented(line, indent, this.#eol)}`).join(''),
      },
    ]
  }

  /** Before what is first in a mapping, so that comments above and below stay where they are. */
  #insertFirst(map: YAMLMap, lines: readonly string[]): readonly Edit[] {
    const [first] = map.items
    const range = map.range
    if (!range) throw this.#byHand('a place in it cannot be told')
    if (first === undefined) return [{ from: range[0], to: range[1], text: this.#flow(lines) }]
    const at = this.#startOf(first)
    const before = this.#text.slice(0, at)
    if (map.flow === true) {
      const blank = /(?:\r?\n[ \t]*)$/.exec(before)?.[0] ?? ' '
      return [{ from: at, to: at, text: lines.map(line => `${flowText(line)},${blank}`).join('') }]
    }
    const indent = ' '.repeat(at - this.#startOfLine(at))
    return [
      {
        from: at,
        to: at,
        text: lines.map(line => `${reindented(line, indent, this.#eol)}${this.#eol}${indent}`).join(''),
      },
    ]
  }

  #newSection(root: YAMLMap): readonly Edit[] {
    if (root.flow === true) {
      const last = root.items.at(-1)
      const section = `${this.#key('volumes')}: ${this.#flow(this.#entry())}`
      if (last === undefined)
        return [{ from: root.range?.[0] ?? 0, to: root.range?.[1] ?? 0, text: `{ ${section} }` }]
      const at = this.#endOf(last)
      const blank = /(?:\r?\n[ \t]*)$/.exec(this.#text.slice(0, this.#startOf(last)))?.[0] ?? ' '
      return [{ from: at, to: at, text: `,${blank}${section}` }]
    }
    if (
      parseAll(this.#yaml, this.#text).length > 1 ||
      /^(?:\.\.\.|---)/m.test(this.#text.slice(root.range?.[0] ?? 0))
    )
      throw this.#byHand('it holds several documents')
    const end = this.#text.length
    const gap = this.#text.endsWith('\n') ? '' : this.#eol
    const lines = this.#entry().map(line => `  ${reindented(line, '  ', this.#eol)}${this.#eol}`)
    return [{ from: end, to: end, text: `${gap}volumes:${this.#eol}${lines.join('')}` }]
  }

  // ---- Words ------------------------------------------------------------------------------------------------------

  #body(): readonly string[] {
    const pairs: (readonly [string, string])[] = [['name', this.#pin.volume]]
    if (this.#pin.external) pairs.push(['external', 'true'])
    return pairs.map(pair => this.#pairText(pair))
  }

  /** `key:` with its body below, lines of the body indented by a step. */
  #entry(): readonly string[] {
    const below = this.#body().map(line => `\n${' '.repeat(this.#step)}${line}`)
    return [`${this.#key(this.#pin.key)}:${below.join('')}`]
  }

  #flow(lines: readonly string[]): string {
    return `{ ${lines.map(flowText).join(', ')} }`
  }

  #pairText([key, value]: readonly [string, string]): string {
    return `${this.#key(key)}: ${key === 'external' ? value : scalarText(value, this.#quotes)}`
  }

  #key(key: string): string {
    return scalarText(key, this.#quotes)
  }

  /** In the quotes that the value before it had. */
  #scalar(text: string, before: unknown): string {
    const { type } = before as { readonly type?: string }
    if (type === 'QUOTE_SINGLE') return `'${text.replaceAll("'", "''")}'`
    return scalarText(text, this.#quotes || type === 'QUOTE_DOUBLE')
  }

  #keyText(pair: Pair): string {
    return this.#yaml.isScalar(pair.key) ? String(pair.key.value) : 'a key'
  }

  #byHand(why: string): Stop {
    return byHand(this.#file, this.#pin, why)
  }

  // ---- Places -----------------------------------------------------------------------------------------------------

  #instead(node: unknown, text: string): readonly Edit[] {
    const range = this.#yaml.isNode(node) ? node.range : null
    if (!range) throw this.#byHand('a place in it cannot be told')
    return [{ from: range[0], to: range[1], text }]
  }

  #startOf(pair: Pair): number {
    const range = this.#yaml.isNode(pair.key) ? pair.key.range : null
    if (!range) throw this.#byHand('a place in it cannot be told')
    // An anchor or a tag of the key stands before it.
    const own = pair.srcToken?.start.find(token => token.type === 'anchor' || token.type === 'tag')
    return own?.offset ?? range[0]
  }

  #endOf(pair: Pair): number {
    const range = this.#yaml.isNode(pair.value) ? pair.value.range : null
    if (!range) throw this.#byHand('a place in it cannot be told')
    return range[1]
  }

  #columnOf(pair: Pair): number {
    const at = this.#startOf(pair)
    return at - this.#startOfLine(at)
  }

  /** Behind a byte-order mark. */
  #startOfLine(at: number): number {
    const start = this.#text.lastIndexOf('\n', at - 1) + 1
    return start === 0 && this.#text.startsWith('\uFEFF') ? 1 : start
  }

  #endOfLine(at: number): number {
    const end = this.#text.slice(at).search(/\r?\n/)
    return end < 0 ? this.#text.length : at + end
  }

  #stepOf(volumes: Pair, map: YAMLMap): number {
    const [first] = map.items
    if (first === undefined || map.flow === true) return 2
    const step = this.#columnOf(first) - this.#columnOf(volumes)
    return step > 0 ? step : 2
  }

  #pairOf(map: unknown, key: string): Pair | null {
    if (!this.#isMap(map)) return null
    return map.items.find(pair => this.#yaml.isScalar(pair.key) && String(pair.key.value) === key) ?? null
  }

  #isMap(node: unknown): node is YAMLMap {
    return this.#yaml.isMap(node)
  }

  #isAlias(node: unknown): node is { readonly source: string } & Node {
    return this.#yaml.isAlias(node)
  }

  /** No value, `null`, `~`. */
  #isNothing(node: unknown): boolean {
    return node === null || node === undefined || (this.#yaml.isScalar(node) && node.value === null)
  }
}

interface Token {
  readonly type: string
  readonly offset: number
  readonly source: string
}

/** Tokens between a key and its value. */
function tokensBefore(pair: Pair): readonly Token[] {
  return pair.srcToken?.sep ?? []
}

function isQuoted(key: unknown): boolean {
  return (key as { readonly type?: string } | null)?.type === 'QUOTE_DOUBLE'
}

function hasTag(node: unknown): boolean {
  return (node as { readonly tag?: string } | null)?.tag !== undefined
}

/** The lines of an entry, moved in. */
function reindented(line: string, indent: string, eol: string): string {
  return line.replaceAll('\n', `${eol}${indent}`)
}

/** The same entry on one line. */
function flowText(line: string): string {
  const [head = '', ...body] = line.split('\n')
  return body.length === 0 ? head : `${head} { ${body.map(each => each.trim()).join(', ')} }`
}

/** Plain where every reader of YAML takes it for text. */
function scalarText(text: string, quotes: boolean): string {
  const isPlain = /^[A-Za-z_][\w.-]*$/.test(text) && !/^(?:null|true|false|yes|no|on|off|y|n)$/i.test(text)
  return isPlain && !quotes ? text : JSON.stringify(text)
}

// ---- Proof -------------------------------------------------------------------------------------------------------

/** Read again, the file must say what it said before, and the name. */
function proveSame(yaml: Yaml, file: string, before: string, after: string, pin: Pin): void {
  const [old, fresh] = [valuesIn(yaml, before), valuesIn(yaml, after)]
  if (old !== null && fresh !== null && old.length === fresh.length) {
    const differing = fresh.filter(
      (value, index) => canonical(value, pin.key) !== canonical(old[index], pin.key),
    )
    const isThere = fresh.some(value => {
      const volume = recordOf(recordOf(recordOf(value)['volumes'])[pin.key])
      const name = volume['name'] ?? recordOf(volume['external'])['name']
      const { external } = volume
      return name === pin.volume && (!pin.external || external === true || typeof external === 'object')
    })
    if (differing.length === 0 && isThere) return
  }
  throw byHand(file, pin, 'its text cannot be changed without changing more than the name')
}

function valuesIn(yaml: Yaml, text: string): readonly unknown[] | null {
  try {
    const documents = parseAll(yaml, text)
    if (documents.some(document => document.errors.length > 0)) return null
    return documents.map(document => document.toJS({ maxAliasCount: -1 }) as unknown)
  } catch {
    return null
  }
}

/** Everything but the name of that one volume; an empty mapping and nothing at all are the same. */
function canonical(value: unknown, key: string): string {
  const root = recordOf(value)
  const { volumes } = root
  const all = recordOf(volumes)
  const { name: _name, external, ...rest } = recordOf(all[key])
  const { name: _inner, ...innerRest } = recordOf(external)
  const own = { ...rest, ...(Object.keys(innerRest).length > 0 ? { external: innerRest } : {}) }
  return JSON.stringify({ ...root, volumes: { ...all, [key]: own } }, (_, each: unknown) => {
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each
    const entries = Object.entries(each)
    if (entries.length === 0) return null
    return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  })
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
