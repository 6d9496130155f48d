import { data, Evaluator, Lexer, Parser } from '@actions/expressions'

/** What expressions can speak of: `github`, `inputs`, `steps`, … as plain values. */
export type Contexts = Readonly<Record<string, unknown>>

export interface StepState {
  /** Nothing has failed so far. */
  readonly succeeded: boolean
}

/** Whether a step runs: its `if`, which counts only while all is well unless it asks how things are itself. */
export function isMet(condition: string | undefined, contexts: Contexts, state: StepState): boolean {
  if (condition === undefined) return state.succeeded
  const expression = condition.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1')
  const asks = /\b(success|failure|always|cancelled)\(\)/.test(expression)
  const holds = evaluate(expression, contexts, state).coerceString() === 'true'
  return holds && (asks || state.succeeded)
}

/** A text with every `${{ … }}` in it replaced by its value. */
export function filled(text: string, contexts: Contexts, state: StepState): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts, state).coerceString(),
  )
}

/** By the library of GitHub itself. Throws where the expression is none. */
function evaluate(expression: string, contexts: Contexts, { succeeded }: StepState): data.ExpressionData {
  const answers = { success: succeeded, failure: !succeeded, always: true, cancelled: false }
  const functions = Object.entries(answers).map(([name, answer]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answer),
  }))
  const { tokens } = new Lexer(expression.trim()).lex()
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse()
  const dictionary = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary
  return new Evaluator(parsed, dictionary, new Map(functions.map(each => [each.name, each]))).evaluate()
}
