import { destroys, estimateCopies } from '../core/estimate.ts'
import { escapeName } from '../core/escape.ts'
import type { Answer } from '../model/decision.ts'
import { Stop } from '../model/failure.ts'
import type { Remedy } from '../model/finding.ts'
import type { Prompt } from '../model/ports.ts'
import { elsewhere, remedyChoice, uniqueRemedies } from './elsewhere.ts'
import { choiceWords, question } from './messages.ts'
import type { TerminalInput } from './terminal-input.ts'
import { composeLine } from './words.ts'

export interface PromptOptions {
  readonly stderr: NodeJS.WritableStream
  readonly color: boolean
  /** Opens the terminal to read from; null where there is none. */
  readonly openInput: () => TerminalInput | null
}

type Question = Parameters<Prompt['ask']>[0]

/**
 * Asks a person at the terminal, on standard error. The answer that Enter gives is the safe one: back up and go on
 * where a backup will be made of everything, else stop. Throws `interrupted` on Ctrl-C and when the terminal is
 * closed, `refused` where there is none.
 */
export function openPrompt(options: PromptOptions): Prompt {
  return {
    ask: asked => {
      const choices = choicesOf(asked)
      return inquire<Answer>(options, {
        type: 'select',
        message: question,
        choices,
        default: choices.find(choice => choice.value === defaultOf(asked, choices))?.value ?? 'stop',
        pageSize: choices.length,
      })
    },
    confirm: async text => {
      const [first = '', ...details] = text.split('\n')
      options.stderr.write(details.map(line => `${escapeName(line)}\n`).join(''))
      return inquire<boolean>(options, { type: 'confirm', message: escapeName(first), default: false })
    },
    choose: (text, offered, none) => {
      const choices = [
        { name: escapeName(none), value: null },
        ...offered.map((name, value) => ({ name: escapeName(name), value })),
      ]
      return inquire<number | null>(options, {
        type: 'select',
        message: escapeName(text),
        choices,
        default: null,
        pageSize: choices.length,
      })
    },
  }
}

function choicesOf(asked: Question): readonly { readonly name: string; readonly value: Answer }[] {
  const words = choiceWords({
    destroys: destroys(asked.plan),
    backsUp: backsUp(asked),
    canBackUp: asked.canBackUp,
    estimate: estimateCopies(asked.plan),
    command: asked.command,
    keepLine: asked.keepCommand === null ? null : composeLine(asked.keepCommand),
    wouldUse: elsewhere(asked.decision.stakes)[0]?.stake.finding.wouldUse.state ?? null,
  })
  const offered: readonly Exclude<Answer, object>[] = [
    'back-up-and-go-on',
    ...(asked.mayBeAlways && isWholeBackup(asked) ? ['always-in-this-project' as const] : []),
    ...(asked.keepCommand === null ? [] : ['keep-the-data' as const]),
    'stop',
  ]
  return [
    ...remediesOf(asked).map(remedy => ({ name: remedyChoice(remedy), value: { remedy } })),
    ...offered.map(value => ({ name: words[value], value })),
  ]
}

/** The ways out that can be taken at once. */
function remediesOf({ decision }: Question): readonly Exclude<Remedy, { kind: 'advice' }>[] {
  const findings = decision.stakes.map(({ stake }) => stake.finding)
  return uniqueRemedies(findings).filter(remedy => remedy.kind !== 'advice')
}

/** The first way out changes nothing before it is shown; where data goes, a backup comes before everything else. */
function defaultOf(asked: Question, choices: readonly { readonly value: Answer }[]): Answer | undefined {
  if (elsewhere(asked.decision.stakes).length > 0)
    return choices.find(({ value }) => typeof value === 'object')?.value
  return isWholeBackup(asked) ? 'back-up-and-go-on' : 'stop'
}

function backsUp({ decision }: Question): boolean {
  return decision.stakes.some(stake => stake.backUp)
}

function isWholeBackup(asked: Question): boolean {
  return asked.canBackUp && backsUp(asked)
}

/** One question. The library is large, and loaded only when somebody is asked. */
async function inquire<T>(options: PromptOptions, asked: Record<string, unknown>): Promise<T> {
  const input = options.openInput()
  if (input === null) throw new Stop({ reason: 'refused', why: 'there is no terminal to ask at' })
  const closed = new AbortController()
  input.stream.once('end', () => closed.abort())
  try {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({
      input: input.stream,
      output: options.stderr,
      signal: closed.signal,
    })
    const theme = options.color ? { style: { keysHelpTip: nothing } } : plainTheme
    const answers: unknown = await prompt([{ ...asked, theme, name: 'answer' }] as never)
    return (answers as { readonly answer: T }).answer
  } catch (error) {
    if (closed.signal.aborted) throw new Stop({ reason: 'interrupted', signal: 'SIGHUP' }, { cause: error })
    if (error instanceof Error && error.name === 'ExitPromptError')
      throw new Stop({ reason: 'interrupted', signal: 'SIGINT' }, { cause: error })
    throw error
  } finally {
    input.close()
  }
}

const asItIs = (text: string): string => text

const nothing = (): undefined => undefined

const plainTheme = {
  prefix: { idle: '?', done: '✔' },
  style: {
    answer: asItIs,
    message: asItIs,
    error: asItIs,
    help: asItIs,
    highlight: asItIs,
    key: asItIs,
    description: asItIs,
    disabled: asItIs,
    defaultAnswer: (text: string): string => `(${text})`,
    keysHelpTip: nothing,
  },
}
