import type {
  ReadShell,
  ShellAssignment,
  ShellCommand,
  ShellFunction,
  ShellInput,
  ShellStep,
} from '../../model/shell.ts'
import { isDockerProgram } from './docker-programs.ts'
import { readContainerLine } from './container-line.ts'
import { placesOfFind } from './file-danger.ts'
import { expand, expandAll, textOf } from './expand.ts'
import type { Known } from './expand.ts'
import { isStandardInput, LineFiles } from './line-files.ts'
import { pathsRemoved, reachesOut } from './other-languages.ts'
import { makers, recipesFor } from './recipes.ts'
import { Variables } from './variables.ts'
import { printed, writtenBy } from './written.ts'
import { isOpen, programOf, shown, someText, someWords } from './words.ts'
import { TooMuchWork, Work } from './work.ts'
import { readAssignments, readEnv, readFind, readShellLine, readXargs } from './wrapped-lines.ts'
import {
  afterOptions,
  commandOfShower,
  entryOf,
  isInterpreter,
  isKnownProgram,
  optionValues,
  showers,
  shells,
  textOptions,
  textTakers,
  textRunners,
  wrappers,
  type Wrapper,
} from './wrappers.ts'

/** A command that a shell line runs, as far as the line tells. */
export interface FoundCommand {
  readonly kind: 'command'
  /** Program and arguments; `words.ts` has what stands in them for what is not known. */
  readonly words: readonly string[]
  /** What it reads, where the line tells. */
  readonly input: string | null
  /** Variables that the line sets for it (null: takes away), and whether it takes all others away. */
  readonly variables: ReadonlyMap<string, string | null>
  readonly withoutOthers: boolean
  /** Where it runs, where the line says so. */
  readonly directory: string | null
  /** What it finds where in a container; null where it runs in none. */
  readonly mounts: readonly Mount[] | null
}

/** What a container is given: a volume by its name, or a directory of the host. */
export interface Mount {
  readonly source: string
  readonly target: string
}

/** Text that runs and cannot be read as a shell line: a program in another language, what no shell would take. */
export interface FoundText {
  readonly kind: 'text'
  readonly text: string
  /** It may be a shell line as well: one that means too much work. */
  readonly isGivenUp: boolean
}

export type Found = FoundCommand | FoundText

/** What is known before a line runs. */
export interface Beginning {
  readonly read: ReadShell
  readonly home: string | null
  readonly directory: string | null
}

/** Deeper than this nobody writes commands in commands. */
const deepest = 12

/** What is set in containers of PostgreSQL. */
const pgdata = { name: 'PGDATA', usual: '/var/lib/postgresql/data' }

/** What a command costs, in words. */
const costOfCommand = 40

/**
 * The commands in a shell line, those in other commands too (`sudo`, `sh -c`, `xargs`, …), in every way in which the
 * line can come out. Words that only a run can tell are left open.
 */
export function findCommands(line: string, beginning: Beginning): readonly Found[] {
  return found(new Walk(beginning), line, walk => walk.text(line))
}

/** The same for words that no shell has to read. */
export function findInWords(words: readonly string[], beginning: Beginning): readonly Found[] {
  return found(new Walk(beginning), words.join(' '), walk => walk.words(words, walk.plain()))
}

function found(walk: Walk, line: string, run: (walk: Walk) => void): readonly Found[] {
  try {
    run(walk)
    return walk.found
  } catch (error) {
    if (error instanceof TooMuchWork) return [...walk.found, { kind: 'text', text: line, isGivenUp: true }]
    throw error
  }
}

/** How a command is reached. */
interface Way {
  readonly input: ShellInput | null
  readonly variables: ReadonlyMap<string, string | null>
  readonly withoutOthers: boolean
  readonly mounts: readonly Mount[] | null
}

/** One walk through a line, in its order: what a variable, an alias or a function is comes from what stood before. */
class Walk {
  readonly found: Found[] = []
  readonly #beginning: Beginning
  readonly #variables = new Variables()
  readonly #functions = new Map<string, readonly ShellFunction[]>()
  readonly #aliases = new Map<string, string>()
  readonly #files = new LineFiles()
  /** Functions and aliases that are being followed, which do not lead to themselves. */
  readonly #open: string[] = []
  readonly #known: Known
  #directory: string | null
  #mounts: readonly Mount[] | null = null
  /** What a text reads that is given to another shell. */
  #input: ShellInput | null = null
  /** In a shell of its own a function of ours is there only if it was exported. */
  #isOwnShell = true
  readonly #work = new Work()
  #depth = 0

  constructor(beginning: Beginning) {
    this.#beginning = beginning
    this.#directory = beginning.directory
    this.#variables.set('PWD', beginning.directory)
    this.#variables.set('HOME', beginning.home)
    this.#known = {
      valuesOf: name => this.#variables.of(name),
      outputOf: script => writtenBy(script.steps, this.#known, input => this.#inputText(input)),
      pathOf: script => this.#files.pathOf(script),
      fileText: path => this.#fileText(path),
      home: beginning.home,
      work: this.#work,
    }
  }

  plain(): Way {
    return { input: null, variables: this.#variables.exported, withoutOthers: false, mounts: this.#mounts }
  }

  text(text: string): void {
    if (this.#depth >= deepest) return this.#unreadable(text)
    const script = this.#beginning.read(text)
    if (script.errors.length > 0) this.#unreadable(text)
    this.#steps(script.steps)
  }

  words(words: readonly string[], way: Way): void {
    this.#work.spend(costOfCommand + words.length)
    if (this.#depth >= deepest) return this.#unreadable(words.join(' '))
    this.#depth++
    this.#follow(words, way)
    this.#depth--
  }

  #unreadable(text: string): void {
    this.found.push({ kind: 'text', text, isGivenUp: false })
  }

  /** A text that another program gives to a shell. */
  #inner(text: string, input: ShellInput | null = null): void {
    const before = this.#isOwnShell
    this.#isOwnShell = false
    this.#same(text, input)
    this.#isOwnShell = before
  }

  /** A text that this shell itself reads: `eval`, `trap`, `source`. */
  #same(text: string, input: ShellInput | null = null): void {
    this.#depth++
    const before = this.#input
    this.#input = input
    this.text(text)
    this.#input = before
    this.#depth--
  }

  #steps(steps: readonly ShellStep[]): void {
    for (const step of steps)
      if (step.kind === 'command') this.#command(step)
      else if (step.kind === 'function') this.#defineFunction(step)
      else this.#loop(step.name, step.words === null ? [] : expandAll(step.words, this.#known))
  }

  /** Which of several definitions counts can depend on what only a run can tell. */
  #defineFunction(step: ShellFunction): void {
    this.#functions.set(step.name, [...(this.#functions.get(step.name) ?? []), step])
  }

  /** In a loop a variable is each of the words in turn. */
  #loop(name: string, ways: readonly (readonly string[])[]): void {
    const words = ways.flat()
    const isKnown = words.length > 0 && words.every(word => !word.includes(someWords))
    this.#variables.setAll(name, isKnown ? words.map(word => ({ words: [word], isArray: false })) : [])
  }

  #command(step: ShellCommand): void {
    this.#work.spend(1)
    const written =
      step.output === null ? null : writtenBy([step], this.#known, input => this.#inputText(input))
    const path = step.output === null ? null : textOf(step.output, this.#known)
    if (written !== null && path !== null) this.#files.write(path, written)
    const variables = new Map(this.#variables.exported)
    for (const each of step.assignments) {
      const text = each.words[0] === undefined ? '' : textOf(each.words[0], this.#known)
      variables.set(each.name, text ?? someText)
      if (step.words.length === 0 || each.isArray) this.#assign(each)
    }
    if (step.words.length === 0) return
    const way = { ...this.plain(), input: step.input ?? this.#input, variables }
    for (const words of expandAll(step.words, this.#known)) this.#typed(words, way)
  }

  #assign({ name, words, isArray, adds }: ShellAssignment): void {
    if (isArray) return this.#variables.assignArray(name, expandAll(words, this.#known), adds)
    const text = words[0] === undefined ? '' : (textOf(words[0], this.#known) ?? someText)
    if (adds) this.#variables.append(name, text)
    else this.#variables.assign(name, text)
  }

  #follow(words: readonly string[], way: Way): void {
    const [first, ...rest] = words
    if (first === undefined || first === '') return
    if (rest.length === 0 && /\s/.test(first)) return this.#inner(first)
    const program = programOf(first)
    switch (program) {
      case 'alias':
        return this.#defineAliases(rest)
      case 'cd':
      case 'pushd':
        return this.#enter(rest)
      case 'declare':
      case 'export':
      case 'local':
      case 'readonly':
      case 'typeset':
        return this.#variables.declare(rest, program === 'export' || rest.some(word => /^-\w*x/.test(word)))
      case 'unset':
        if (rest[0] === '-f') for (const name of rest) this.#functions.delete(name)
        return this.#variables.unset(rest)
      case 'set':
        if (rest[0] === '--') this.#variables.setArguments(rest.slice(1))
        return
      case 'source':
      case '.':
        return this.#runFile(rest[0], way.input)
      case 'env':
        return this.#env(words, way)
      case 'xargs':
        return this.#xargs(words, way)
      case 'find':
        return this.#find(words, way)
      case 'crontab':
        return rest[0] === '-' ? this.#shellInput(way.input) : this.#runFile(rest[0], way.input)
      case 'at':
      case 'batch':
      case 'newgrp':
        return this.#shellInput(way.input)
      case 'tee': {
        const text = way.input === null ? null : this.#inputText(way.input)
        for (const path of rest) if (text !== null) this.#files.write(path, text)
        return
      }
      case 'read':
        return this.#read(rest, way.input)
      case 'printf':
        if (rest[0] === '-v') return this.#variables.set(rest[1] ?? '', printed(rest.slice(2)))
    }
    if (textTakers.includes(program))
      for (const word of rest.filter(each => /\s/.test(each))) this.#inner(word)
    if (program === 'command' && /^-p?[vV]/.test(rest[0] ?? '')) return
    if (isOpen(first)) {
      this.#emit(words, way)
      return this.#scan(rest, way)
    }
    for (const text of optionValues(rest, entryOf(textOptions, program) ?? [])) this.#inner(text)
    if (shells.includes(program)) return this.#shell(words, way)
    if (isInterpreter(program)) return this.#interpret(words, way)
    const runner = entryOf(textRunners, program)
    if (runner !== null) return this.#textRunner(program, runner, words, way)
    const wrapper = entryOf<Wrapper>(wrappers, program)
    if (wrapper !== null) return this.#wrapped(wrapper, words, way)
    if (this.#files.textOf(first) !== null) return this.#runFile(first, way.input)
    const makefiles = entryOf(makers, program)
    if (makefiles !== null) return this.#make(makefiles, words, way)
    this.#emit(words, way)
    if (isDockerProgram(program)) return this.#inContainer(program, rest, way)
    if (!showers.includes(program)) return this.#scan(rest, way)
    this.words(commandOfShower(program, rest), way)
  }

  #emit(words: readonly string[], { input, variables, withoutOthers, mounts }: Way): void {
    const text = input === null ? null : this.#inputText(input)
    this.found.push({
      kind: 'command',
      words,
      input: text,
      variables: new Map(variables),
      withoutOthers,
      directory: this.#directory,
      mounts,
    })
  }

  /** What is typed can be a function or an alias of the same line; what another program runs cannot. */
  #typed(words: readonly string[], way: Way): void {
    const [name = '', ...rest] = words
    const alias = this.#aliases.get(name)
    const functions = this.#functions.get(name) ?? []
    const isOurs = (alias !== undefined || functions.length > 0) && !this.#open.includes(name)
    if (!isOurs) return this.words(words, way)
    this.#open.push(name)
    if (alias !== undefined) this.#followAlias(alias, rest, way)
    for (const { body } of functions) this.#variables.withArguments(rest, () => this.#steps(body.steps))
    this.#open.pop()
    // Scripts do not follow aliases, and `bash -c` knows no function that is not exported.
    const isSure = this.#isOwnShell && functions.some(each => each.isSure)
    if (!isSure && isKnownProgram(programOf(name))) this.words(words, way)
  }

  /** The words that follow an alias belong to its last command. */
  #followAlias(alias: string, rest: readonly string[], way: Way): void {
    const { steps } = this.#beginning.read(alias)
    const last = steps.at(-1)
    this.#steps(steps.slice(0, -1))
    if (last?.kind !== 'command') return
    for (const words of expandAll(last.words, this.#known)) this.#typed([...words, ...rest], way)
  }

  #defineAliases(words: readonly string[]): void {
    for (const word of words) {
      const equals = word.indexOf('=')
      if (equals > 0) this.#aliases.set(word.slice(0, equals), word.slice(equals + 1))
    }
  }

  #enter(words: readonly string[]): void {
    const to = words.find(word => !word.startsWith('-')) ?? this.#beginning.home
    if (to === null || isOpen(to) || words.includes('-')) this.#directory = null
    else if (to.startsWith('/')) this.#directory = to
    else if (this.#directory !== null) this.#directory = `${this.#directory}/${to}`
    this.#variables.set('PWD', this.#directory)
  }

  /** Several names share a line between them, which is not followed. */
  #read(words: readonly string[], input: ShellInput | null): void {
    const names = words.filter(word => !word.startsWith('-'))
    const text = input === null ? null : this.#inputText(input)
    for (const name of names) this.#variables.set(name, names.length === 1 ? (text?.trim() ?? null) : null)
  }

  #env(words: readonly string[], way: Way): void {
    const { command, texts, variables, withoutOthers } = readEnv(words)
    const changed = {
      ...way,
      variables: new Map([...way.variables, ...variables]),
      withoutOthers: way.withoutOthers || withoutOthers,
    }
    for (const text of texts) this.#splitText(text, command, changed)
    if (texts.length === 0) this.words(command, changed)
  }

  #splitText(text: string, rest: readonly string[], way: Way): void {
    for (const step of this.#beginning.read(text).steps)
      if (step.kind === 'command')
        for (const words of expandAll(step.words, this.#known)) this.words([...words, ...rest], way)
  }

  #wrapped(spec: Wrapper, words: readonly string[], way: Way): void {
    const isSudo = programOf(words[0] ?? '') === 'sudo'
    const rest = words.slice(afterOptions(words, spec))
    // Of these only sudo takes assignments.
    const { command, variables } = isSudo ? readAssignments(rest) : { command: rest, variables: [] }
    if (command[0]?.startsWith('-') === true) return
    if (command.length > 0)
      return this.words(command, { ...way, variables: new Map([...way.variables, ...variables]) })
    if (isSudo && words.some(word => /^-\w*[is]/.test(word))) this.#shellInput(way.input)
  }

  #xargs(words: readonly string[], way: Way): void {
    const { command, mark } = readXargs(words)
    const text = way.input === null ? null : this.#inputText(way.input)
    const given =
      text
        ?.split(/\s+/)
        .filter(word => word !== '')
        .map(word => (word === someText ? someWords : word)) ?? null
    const inner = { ...way, input: null }
    if (mark === null) return this.words([...command, ...(given ?? [someWords])], inner)
    for (const each of given ?? [someText])
      this.words(
        command.map(word => word.replaceAll(mark, each)),
        inner,
      )
  }

  #find(words: readonly string[], way: Way): void {
    this.#emit(words, way)
    for (const command of readFind(words))
      for (const place of placesOfFind(words.slice(1)))
        this.words(
          command.map(each => each.replaceAll('{}', `${place}/${someText}`)),
          way,
        )
  }

  #textRunner(program: string, spec: Wrapper, words: readonly string[], way: Way): void {
    const given = words.slice(afterOptions(words, spec))
    const rest = given[0] === '--' ? given.slice(1) : given
    if (program === 'trap') return rest.length > 1 ? this.#same(rest[0] ?? '') : undefined
    if (program === 'eval') return this.#same(rest.join(' '), way.input)
    if (program === 'parallel') return this.#parallel(rest, way)
    if (rest.length > 0) return this.#inner(rest.join(' '), way.input)
    if (program.endsWith('ssh')) this.#shellInput(way.input)
  }

  #parallel(words: readonly string[], way: Way): void {
    const end = words.findIndex(word => word.startsWith(':::'))
    const command = end < 0 ? words : words.slice(0, end)
    const text = command.join(' ')
    if (text.includes('{}')) return this.#inner(text.replaceAll('{}', someText))
    if (command.length > 0) return this.#inner(`${text} ${someText}`)
    if (end < 0) return this.#shellInput(way.input)
    for (const word of words.slice(end + 1)) this.#inner(word)
  }

  #shell(words: readonly string[], way: Way): void {
    const line = readShellLine(words)
    switch (line.runs) {
      case 'text':
        this.#variables.setArguments(line.args.slice(1))
        this.#variables.set('0', line.args[0] ?? '')
        return this.#inner(line.text)
      case 'file':
        this.#variables.setArguments(line.args)
        return this.#runFile(line.path, way.input)
      case 'input':
        return this.#shellInput(way.input)
    }
  }

  /** A file that the same line makes. What is in others cannot be seen, nor be told from here. */
  #runFile(path: string | undefined, input: ShellInput | null): void {
    if (path === undefined) return
    if (isStandardInput(path)) return this.#shellInput(input)
    const script = this.#files.scriptAt(path)
    if (script !== null) return this.#shellInput({ kind: 'pipe', from: script.steps })
    const text = this.#files.textOf(path)
    if (text !== null) this.#inner(text)
  }

  #shellInput(input: ShellInput | null): void {
    if (input === null) return
    const text = this.#inputText(input)
    if (text !== null) return this.#inner(text)
    this.#unreadable(
      this.#stepsBehind(input)
        .flatMap(step => this.#literalWords(step))
        .join(' '),
    )
  }

  #stepsBehind(input: ShellInput): readonly ShellStep[] {
    if (input.kind === 'pipe') return input.from
    const path = input.kind === 'file' ? textOf(input.path, this.#known) : null
    return path === null ? [] : (this.#files.scriptAt(path)?.steps ?? [])
  }

  /** `make -f FILE TARGET`, where the line writes that file. */
  #make(usual: readonly string[], words: readonly string[], way: Way): void {
    this.#emit(words, way)
    const rest = words.slice(1)
    const named = optionValues(rest, ['-f', '--file', '--makefile', '--justfile'])
    const input = way.input === null ? null : this.#inputText(way.input)
    const texts = (named.length > 0 ? named : usual).map(path =>
      path === '-' ? input : this.#fileText(path),
    )
    const text = [...texts, ...optionValues(rest, ['--eval'])].filter(each => each !== null).join('\n')
    if (text !== '') this.#inner(recipesFor(text, rest))
    else this.#scan(rest, way)
  }

  #interpret(words: readonly string[], way: Way): void {
    this.#emit(words, way)
    const input = way.input === null ? null : this.#inputText(way.input)
    if (/^(pwsh|powershell|cmd)$/.test(programOf(words[0] ?? ''))) {
      const from = words.findIndex((word, index) => index > 0 && !/^[-/]\w+$/.test(word))
      return this.#inner(from < 0 ? (input ?? '') : words.slice(from).join(' '))
    }
    const text = [...words.slice(1).map(word => this.#fileText(word) ?? word), input ?? ''].join('\n')
    if (reachesOut(text)) this.#unreadable(text)
    for (const path of pathsRemoved(text)) this.words(['rm', path], way)
  }

  /** The words of a program that runs another one; where `--` stands among them, that one may begin behind it. */
  #scan(words: readonly string[], way: Way): void {
    const behind = words.indexOf('--') + 1
    for (const from of behind > 0 ? [0, behind] : [0]) this.#scanFrom(words.slice(from), way)
  }

  /** The first word that names what we know, and all that follows, unless that is only shown. */
  #scanFrom(words: readonly string[], way: Way): void {
    const names = words.map(word => programOf(word))
    const at = names.findIndex(name => isKnownProgram(name) || ['echo', 'grep', 'printf'].includes(name))
    if (at >= 0 && isKnownProgram(names[at] ?? '')) this.words(words.slice(at), way)
  }

  /** What runs in a container may reach an engine, and what is mounted there is data of the host's. */
  #inContainer(program: string, words: readonly string[], way: Way): void {
    const line = readContainerLine(program, words)
    if (line === null) return
    const before = { mounts: this.#mounts, directory: this.#directory }
    this.#mounts = line.mounts
    this.#directory = line.directory
    const isPlaceKnown = this.#variables.of(pgdata.name).length > 0
    if (!isPlaceKnown) this.#variables.set(pgdata.name, pgdata.usual)
    this.words(line.command, { ...way, mounts: line.mounts })
    if (!isPlaceKnown) this.#variables.set(pgdata.name, null)
    this.#mounts = before.mounts
    this.#directory = before.directory
  }

  #inputText(input: ShellInput): string | null {
    switch (input.kind) {
      case 'text':
        return textOf(input.text, this.#known)
      case 'pipe':
        return writtenBy(input.from, this.#known, inner => this.#inputText(inner))
      case 'file': {
        const path = textOf(input.path, this.#known)
        return path === null ? null : this.#fileText(path)
      }
    }
  }

  #fileText(path: string): string | null {
    const script = this.#files.scriptAt(path)
    return script === null ? this.#files.textOf(path) : this.#known.outputOf(script)
  }

  /** The words of a command that may be in what it writes; what is only looked for is not. */
  #literalWords(step: ShellStep): readonly string[] {
    if (step.kind !== 'command') return []
    const words = step.words.flatMap(word => shown(expand(word, this.#known)[0] ?? []))
    return programOf(words[0] ?? '') === 'grep' ? [] : words
  }
}
