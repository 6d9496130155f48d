import type { Concern, Destruction } from '../core/hook/judge.ts'
import { unreachable } from '../model/failure.ts'
import { hexOf, otherProjectLine, ownFileNeeded, ownProject, quoted, safeLine } from './words.ts'

/**
 * Why a coding agent's line was not let through, and what to do instead: for the agent, which reads it as the result of
 * its command.
 *
 * @param keepsApart whether another project of the same files would have its data for itself
 */
export function hookReason(concerns: readonly Concern[], keepsApart: boolean): string {
  const [first] = concerns
  if (first === undefined) return ''
  const lines = [...whatLines(first), ...others(concerns), ...insteadLines(first, keepsApart)]
  return lines.join('\n')
}

function whatLines(concern: Concern): readonly string[] {
  switch (concern.kind) {
    case 'destroys':
      return destroysLines(concern)
    case 'files':
      return [
        `safe-compose: not run: \`${line(concern.words)}\` would delete ${
          owners[concern.danger.whose]
        } (${concern.danger.path}).`,
        'A person has to decide this, and types it where no coding agent is at work.',
      ]
    case 'unreadable':
      return [
        'safe-compose: not run: this cannot be read as a shell line, and it speaks of destroying data with docker.',
        'Nothing was changed. Write the docker command plainly, on a line of its own, so that it can be judged.',
      ]
    case 'loosens':
      return [
        `safe-compose: not run: \`${line(concern.words)}\` goes past the guard (${concern.what}).`,
        'Run it without that. If it is refused then, the refusal says what a person can do.',
      ]
    case 'approves':
      return [
        `safe-compose: not run: \`${line(concern.words)}\` is for a person at a terminal.`,
        'Tell the person what was refused and why, with the code; go on with something else meanwhile.',
      ]
    default:
      return unreachable(concern)
  }
}

const owners = {
  docker: "the files of Docker's volumes",
  store: 'restore points, the backups of safe-compose',
  volume: 'what is in a volume',
} as const

function destroysLines({ words, danger, isOpen }: Destruction): readonly string[] {
  const deed = danger.kind === 'directory' || danger.isCertain ? 'delete' : 'put at risk'
  if (isOpen)
    return [
      `safe-compose: not run: a word in \`${line(words)}\` is known only when it runs, and it may ${deed} ${danger.what}.`,
      'Nothing was changed. Write the words out, so that it can be judged.',
    ]
  const lost = danger.kind === 'volumes' ? ', including the data' : ''
  return [
    `safe-compose: not run: \`${line(words)}\` would ${deed} ${danger.what}${lost}.`,
    'Nothing was changed. A person has to decide this.',
  ]
}

function others(concerns: readonly Concern[]): readonly string[] {
  const count = concerns.length - 1
  return count === 0 ? [] : [`(and ${count} more in the same line)`]
}

function insteadLines(concern: Concern, keepsApart: boolean): readonly string[] {
  if (concern.kind !== 'destroys' || concern.isOpen) return []
  const { compose, words, danger } = concern
  if (compose === null) return dockerLines(words)
  return [
    ...(compose.keeping === null ? [] : [`Keeping the data:  ${line(compose.keeping)}`]),
    ...(danger.kind === 'directory' ? [] : scratchLines(compose.argv, keepsApart)),
    `If a person wants exactly this:  ${safeLine(compose.argv)}`,
    '    says what would be lost, backs it up, and has a code with which the person lets it through once.',
  ]
}

function scratchLines(argv: readonly string[], keepsApart: boolean): readonly string[] {
  if (!keepsApart) return [ownFileNeeded]
  const project = `scratch-${hexOf(argv.join(' '))}`
  const up = otherProjectLine(argv, project, ['up', '-d'])
  const down = otherProjectLine(argv, project, ['down', '-v'])
  return [ownProject, `    ${up}        … and later: ${down}`]
}

function dockerLines(words: readonly string[]): readonly string[] {
  const program = words[0]?.replace(/^.*\//, '')
  if (program !== 'docker') return []
  return [
    ...(words.includes('prune')
      ? ['To make room without touching data:  docker image prune, docker builder prune']
      : [
          'If the goal is a clean database for a test, start it under another project: docker compose -p scratch-test up -d',
        ]),
    `If a person wants exactly this:  ${line(['safe-docker', ...words.slice(1)])}`,
    '    says what would be lost, backs it up, and has a code with which the person lets it through once.',
  ]
}

/** The words as typed; what was not known stands as `…`, without quotes. */
function line(words: readonly string[]): string {
  return words.map(word => (word.includes('…') ? word : quoted([word]))).join(' ')
}
