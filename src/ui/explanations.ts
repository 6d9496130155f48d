import { reactionWords } from '../core/explanation.ts'
import type { Explanation } from '../core/explanation.ts'
import { byFamily } from '../core/explanation.ts'
import { escapeName } from '../core/escape.ts'
import { formatAgeOf } from '../core/format.ts'
import { audienceKinds, ruleLevels } from '../core/levels.ts'
import type { Verdict } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import { columns, displayWidth } from './columns.ts'
import { nameOf } from './words.ts'

/** A finding as it was said. */
interface Said {
  readonly id: string
  readonly finding: Finding
  readonly command: string
  readonly verdict: Verdict
  readonly at: string
}

/** Longer lines are hard to read, however wide the terminal is. */
const widest = 100

/** Pages about rules and findings, for `explain`. `width`: of the terminal; null where there is none. */
export function openExplanations(options: { readonly width: number | null }) {
  const width = Math.max(40, Math.min(options.width ?? 80, widest))
  return {
    list: (explanations: readonly Explanation[]): string => listPage(explanations),
    rule: (explanation: Explanation): string => text(ruleLines(explanation, width)),
    finding: (said: Said, explanation: Explanation, now: Date): string =>
      text([...findingLines(said, width, now), '', ...ruleLines(explanation, width)]),
  }
}

function listPage(explanations: readonly Explanation[]): string {
  const idWidth = Math.max(...explanations.map(({ id }) => id.length))
  return text([
    ...byFamily(explanations).flatMap(family => [
      family.title,
      '',
      ...family.explanations.map(({ id, title }) => `  ${id.padEnd(idWidth)}   ${title}`),
      '',
    ]),
    'safe-compose explain RULE tells more about one of them.',
  ])
}

function ruleLines(explanation: Explanation, width: number): readonly string[] {
  const { id, title, about, versions, reactions, instead, citations } = explanation
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ['happens in', [versionsInWords(versions)]],
    ...audienceKinds.map((kind): [string, readonly string[]] => [
      audienceWords[kind],
      [
        `${reactionWords(reactions[kind])}${reactions[kind].some(each => each.configured) ? '  (as configured)' : ''}`,
      ],
    ]),
    ['instead', [instead]],
    ['on purpose', [`safe-compose --safe-allow ${id} …`]],
    [
      'its level',
      [`rules: { ${id}: ${ruleLevels.join('|')} }`, `or by who asks: { person: …, script: …, agent: … }`],
    ],
    ['told of in', citations.map(({ text, url }) => url ?? text)],
  ]
  const label = Math.max(...facts.map(([name]) => name.length))
  return [
    `${id}: ${title}`,
    '',
    ...wrapped(about, width - 2).map(line => `  ${line}`),
    '',
    ...facts.flatMap(([name, lines]) =>
      lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(label)}   ${line}`),
    ),
  ]
}

const audienceWords = { person: 'a person', script: 'a script', agent: 'an agent' } as const

function versionsInWords(versions: string): string {
  return versions === 'all' ? 'every version of Compose' : `Compose ${versions}`
}

function findingLines(
  { id, finding, command, verdict, at }: Said,
  width: number,
  now: Date,
): readonly string[] {
  const { because, evidence, usedBy, instead, holding } = finding
  const rows = [
    ['  data', nameOf(holding)],
    ['  used by', usedBy.map(escapeName).join(', ')],
    ['  command', `${escapeName(command)}, ${formatAgeOf(at, now)}`],
    ['  decided', verdictWords[verdict]],
    ['  instead', instead === null ? '' : escapeName(instead)],
  ].filter(([, value]) => value !== '')
  return [
    `${escapeName(id)}: found in this project`,
    '',
    ...wrapped(escapeName(because), width - 2).map(line => `  ${line}`),
    ...evidence.map(line => `    ${escapeName(line)}`),
    '',
    ...columns(rows, '   '),
  ]
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: 'let through',
  warn: 'only said',
  'back-up': 'backed up first',
  ask: 'asked',
  refuse: 'refused',
}

function wrapped(words: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
