/** What a shell would make of a text, as far as it tells which commands are in it. Nothing is run or put in. */
export interface ShellScript {
  /** In the order of the text; what stands in a substitution comes before the command that it belongs to. */
  readonly steps: readonly ShellStep[]
  /** What no shell would take; the steps are then only what could be made out. */
  readonly errors: readonly string[]
}

export type ShellStep = ShellCommand | ShellFunction | ShellLoop

export interface ShellCommand {
  readonly kind: 'command'
  /** `A=1 B=(x y)` in front of the words; they are variables of their own where there are no words. */
  readonly assignments: readonly ShellAssignment[]
  /** The program and its arguments. An argument that is an assignment (`export A=1`) is one word. */
  readonly words: readonly ShellWord[]
  readonly input: ShellInput | null
  /** The file that its output is written to. */
  readonly output: ShellWord | null
  /** It stands in a substitution of the command that follows: what it writes goes into that one's words. */
  readonly isInside: boolean
}

export type ShellInput =
  /** A here-document or a here-string. */
  | { readonly kind: 'text'; readonly text: ShellWord }
  /** What stands before it in a pipe. */
  | { readonly kind: 'pipe'; readonly from: readonly ShellStep[] }
  | { readonly kind: 'file'; readonly path: ShellWord }

export interface ShellAssignment {
  readonly name: string
  /** Several for an array. */
  readonly words: readonly ShellWord[]
  readonly isArray: boolean
  /** `+=` */
  readonly adds: boolean
}

export interface ShellFunction {
  readonly kind: 'function'
  readonly name: string
  /** Whether it is defined on every way: in no condition, no subshell, no other function. */
  readonly isSure: boolean
  readonly body: ShellScript
}

/** `for NAME in …`: the steps of its body follow. */
export interface ShellLoop {
  readonly kind: 'loop'
  readonly name: string
  /** Null where it goes over the arguments. */
  readonly words: readonly ShellWord[] | null
}

/** One word as written, in its parts; quotes and backslashes are taken off. */
export interface ShellWord {
  readonly parts: readonly ShellPart[]
}

export type ShellPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly quoted: boolean
      /** `${A[@]}`, `$@`: all of its words. */
      readonly all: boolean
      /** `${A:-this}`, `${A:+this}`. */
      readonly orElse: ShellWord | null
    }
  /** `$(…)`, and `<(…)`, which is a file with that text. */
  | {
      readonly kind: 'output'
      readonly script: ShellScript
      readonly quoted: boolean
      readonly isFile: boolean
    }
  /** `{a,b}` */
  | { readonly kind: 'choice'; readonly words: readonly ShellWord[] }
  /** What only a run can tell. */
  | { readonly kind: 'unknown'; readonly quoted: boolean }

/** Reads a text as bash does. Never throws. */
export type ReadShell = (text: string) => ShellScript
