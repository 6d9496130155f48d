import type * as Unbash from 'unbash'
import type {
  ReadShell,
  ShellAssignment,
  ShellCommand,
  ShellFunction,
  ShellInput,
  ShellPart,
  ShellScript,
  ShellStep,
  ShellWord,
} from '../../model/shell.ts'

/** Deeper than anything that a person writes; a text that is deeper is one that cannot be read. */
const deepest = 40

/** A reader of shell texts. Its library is loaded with it, which is why only `hook` asks for one. */
export async function openShellReader(): Promise<ReadShell> {
  const library = await import('unbash')
  return text => new Reader(library).read(text.replaceAll(/\r+$/gm, ''))
}

/** One text: the library's tree into ours, errors of nested scripts with those of the text itself. */
class Reader {
  readonly #library: typeof Unbash
  /** What stands in a substitution is both a part of a word and what runs before: it is read once for the two. */
  readonly #read = new Map<Unbash.ParsedScript, ShellScript>()
  #outermost: ReadonlySet<Unbash.SyntaxNode> = new Set()
  #depth = 0
  #isTooDeep = false

  constructor(library: typeof Unbash) {
    this.#library = library
  }

  read(text: string): ShellScript {
    const script = this.#library.parse(text)
    this.#outermost = new Set(script.commands.map(each => each.command))
    const { steps, errors } = this.#script(script)
    return { steps, errors: this.#isTooDeep ? [...errors, 'it is nested too deeply'] : errors }
  }

  #script(script: Unbash.ParsedScript | undefined): ShellScript {
    if (script === undefined) return { steps: [], errors: ['a part of it cannot be read'] }
    const before = this.#read.get(script)
    if (before !== undefined) return before
    if (this.#depth > deepest) {
      this.#isTooDeep = true
      return { steps: [], errors: [] }
    }
    this.#depth++
    const steps = script.commands.flatMap(each => this.#steps(each))
    this.#depth--
    const read = { steps, errors: (script.errors ?? []).map(({ message }) => message) }
    this.#read.set(script, read)
    return read
  }

  #steps(node: Unbash.SyntaxNode): readonly ShellStep[] {
    switch (node.type) {
      case 'Command':
        return [...this.#inside(node), this.#command(node)]
      case 'Pipeline':
        return this.#pipeline(node)
      case 'Function':
        return [this.#function(node)]
      case 'For':
      case 'Select':
        return [
          ...(node.wordlist ?? []).flatMap(word => this.#inside(word)),
          {
            kind: 'loop',
            name: node.name.value,
            words: node.wordlist?.map(word => this.#word(word)) ?? null,
          },
          ...this.#steps(node.body),
        ]
      case 'Redirected':
        return this.#redirected(node)
      case 'CommandExpansion':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion':
        return this.#script(node.script).steps
      default:
        return this.#nested(node)
    }
  }

  #nested(node: Unbash.SyntaxNode): readonly ShellStep[] {
    const found: ShellStep[] = []
    this.#library.forEachChild(node, child => void found.push(...this.#steps(child)))
    return found
  }

  /** What stands in the substitutions of a node. */
  #inside(node: Unbash.SyntaxNode): readonly ShellStep[] {
    return this.#nested(node).map(step => (step.kind === 'command' ? { ...step, isInside: true } : step))
  }

  #function(node: Unbash.Function): ShellFunction {
    const isSure = this.#outermost.has(node)
    return { kind: 'function', name: node.name.value, isSure, body: this.#block(node.body) }
  }

  #block(node: Unbash.SyntaxNode): ShellScript {
    return { steps: this.#steps(node), errors: [] }
  }

  /** Each command reads what the one before it writes. */
  #pipeline(node: Unbash.Pipeline): readonly ShellStep[] {
    const all: ShellStep[] = []
    let before: readonly ShellStep[] = []
    for (const each of node.commands) {
      const from = before
      const steps = this.#steps(each)
      // What stands in a substitution of the command is not in the pipe.
      const inPipe = each.type === 'Command' ? steps.slice(-1) : steps
      before = inPipe.map(step => (from.length === 0 ? step : withInput(step, from)))
      all.push(...steps.slice(0, steps.length - inPipe.length), ...before)
    }
    return all
  }

  /** What a block reads is read by the commands in it. */
  #redirected(node: Unbash.Redirected): readonly ShellStep[] {
    const input = this.#input(node.redirects)
    const inner = this.#steps(node.command)
    const steps = input === null ? inner : inner.map(step => giveInput(step, input))
    return [...node.redirects.flatMap(each => this.#inside(each)), ...steps]
  }

  #command(node: Unbash.Command): ShellCommand {
    const words = node.name === undefined ? [] : [this.#word(node.name)]
    for (const argument of node.args)
      words.push(argument.type === 'Word' ? this.#word(argument) : this.#assignmentWord(argument))
    const assignments = node.prefix.flatMap(each =>
      each.type === 'Assignment' ? [this.#assignment(each)] : [],
    )
    const declared = node.args.flatMap(each =>
      each.type === 'Assignment' && each.value.type === 'ArrayValue' ? [this.#assignment(each)] : [],
    )
    return {
      kind: 'command',
      assignments: [...assignments, ...declared],
      words,
      input: this.#input(node.redirects),
      output: this.#output(node.redirects),
      isInside: false,
    }
  }

  #assignment(node: Unbash.Assignment): ShellAssignment {
    const isArray = node.value.type === 'ArrayValue'
    const words = node.value.type === 'ArrayValue' ? node.value.elements : [node.value]
    return {
      name: node.name,
      words: words.map(word => this.#word(word)),
      isArray: isArray || node.index !== undefined,
      adds: node.append === true || node.index !== undefined,
    }
  }

  #assignmentWord(node: Unbash.Assignment): ShellWord {
    const name: ShellPart = { kind: 'text', text: `${node.name}=`, quoted: true }
    if (node.value.type === 'ArrayValue') return { parts: [name] }
    return { parts: [name, ...this.#word(node.value).parts.map(asQuoted)] }
  }

  #input(redirects: readonly Unbash.Redirection[]): ShellInput | null {
    for (const each of redirects.toReversed()) {
      if (each.type === 'HereDoc') return { kind: 'text', text: this.#document(each) }
      if (each.type === 'HereString')
        return { kind: 'text', text: each.target === undefined ? unknownWord : this.#word(each.target) }
      if (each.operator === '<' && each.target !== undefined)
        return { kind: 'file', path: this.#word(each.target) }
    }
    return null
  }

  #output(redirects: readonly Unbash.Redirection[]): ShellWord | null {
    for (const each of redirects.toReversed())
      if (each.type === 'Redirect' && ['>', '>>', '>|', '&>', '&>>'].includes(each.operator))
        return each.target === undefined ? null : this.#word(each.target)
    return null
  }

  #document({ body, delimiter }: Unbash.HereDoc): ShellWord {
    if (delimiter?.quoted === true || body.parts === undefined)
      return { parts: [{ kind: 'text', text: body.text, quoted: true }] }
    return { parts: body.parts.flatMap(part => this.#part(part, true)) }
  }

  #word(word: Unbash.Word): ShellWord {
    if (word.parts === undefined) {
      const quoted = word.text !== word.value
      return { parts: [{ kind: 'text', text: word.value, quoted }] }
    }
    return { parts: word.parts.flatMap(part => this.#part(part, false)) }
  }

  #part(part: Unbash.WordPart, quoted: boolean): readonly ShellPart[] {
    switch (part.type) {
      case 'Literal':
        return [{ kind: 'text', text: part.value, quoted: quoted || part.value !== part.text }]
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        return [{ kind: 'text', text: part.value, quoted: true }]
      case 'Glob':
        return [{ kind: 'text', text: part.text, quoted }]
      case 'DoubleQuoted':
      case 'LocaleString':
        if (part.parts.length === 0) return [{ kind: 'text', text: '', quoted: true }]
        return part.parts.flatMap(each => this.#part(each, true))
      case 'SimpleExpansion': {
        const name = part.text.slice(1)
        return [{ kind: 'variable', name, quoted, all: name === '@' || name === '*', orElse: null }]
      }
      case 'ParameterExpansion':
        return [this.#parameter(part, quoted)]
      case 'CommandExpansion':
        return [{ kind: 'output', script: this.#script(part.script), quoted, isFile: false }]
      case 'ProcessSubstitution':
        return [{ kind: 'output', script: this.#script(part.script), quoted: true, isFile: true }]
      case 'BraceExpansion':
        return [this.#choice(part)]
      case 'ExtendedGlob':
      case 'ArithmeticExpansion':
        return [{ kind: 'unknown', quoted }]
    }
  }

  #parameter(part: Unbash.ParameterExpansionPart, quoted: boolean): ShellPart {
    const { prefix, operation, index, parameter: name } = part
    const isDefault = operation?.type === 'Default'
    if (prefix !== undefined || (operation !== undefined && !isDefault)) return { kind: 'unknown', quoted }
    const all = index?.value === '@' || index?.value === '*' || name === '@' || name === '*'
    if (index !== undefined && !all) return { kind: 'unknown', quoted }
    const gives = isDefault && !operation.operator.endsWith('?')
    return { kind: 'variable', name, quoted, all, orElse: gives ? this.#word(operation.operand) : null }
  }

  /** `{a,b}`; a range is left as it is written, since nothing of ours is called by a number. */
  #choice({ text }: Unbash.BraceExpansionPart): ShellPart {
    const pieces = splitChoices(text.slice(1, -1))
    if (pieces.length < 2) return { kind: 'text', text, quoted: true }
    return { kind: 'choice', words: pieces.map(piece => this.#wordOf(piece)) }
  }

  #wordOf(text: string): ShellWord {
    const [step] = this.#script(this.#library.parse(`: ${text}`)).steps.slice(-1)
    const word = step?.kind === 'command' ? step.words[1] : undefined
    return word ?? { parts: [] }
  }
}

const unknownWord: ShellWord = { parts: [{ kind: 'unknown', quoted: true }] }

/** At the commas that stand in no quotes and in no inner braces. */
function splitChoices(text: string): readonly string[] {
  const pieces = ['']
  let depth = 0
  for (const [piece] of text.matchAll(/\\.|'[^']*'|"(?:\\.|[^"])*"|[^]/g)) {
    if (piece === '{') depth++
    if (piece === '}') depth--
    if (piece === ',' && depth === 0) pieces.push('')
    else pieces[pieces.length - 1] += piece
  }
  return pieces
}

function asQuoted(part: ShellPart): ShellPart {
  return 'quoted' in part ? { ...part, quoted: true } : part
}

function withInput(step: ShellStep, from: readonly ShellStep[]): ShellStep {
  return giveInput(step, { kind: 'pipe', from })
}

/** A command that reads something of its own keeps it. */
function giveInput(step: ShellStep, input: ShellInput): ShellStep {
  return step.kind === 'command' && step.input === null ? { ...step, input } : step
}
