import type { Rule } from '../model/finding.ts'
import { explanationOf, reactionWords } from './explanation.ts'
import type { Citation, Explanation } from './explanation.ts'
import { audienceKinds } from './levels.ts'

/** Where the table of all rules stands. */
export const rulesDocumentFile = 'src/core/rules/README.md'

/** The table of all rules, from what they say of themselves. The file of it is written by `npm run generate`. */
export function rulesDocument(rules: readonly Rule[]): string {
  const heads = ['rule', 'what happens', 'versions', ...audienceKinds, 'the safer way', 'told of in']
  return [
    '# The rules',
    '',
    'What safe-compose looks for before Compose runs, and what it does about it, the gravest first. Each rule is one file',
    'beside this one; `safe-compose explain RULE` tells the same, with your own settings in force. This page is written',
    'by `npm run generate`, from what the rules say of themselves: change the rule, not the page.',
    '',
    '_Ask_ means: back up, show what is at stake, ask. Empty volumes and caches are never at stake.',
    '',
    `| ${heads.join(' | ')} |`,
    `| ${heads.map(() => '---').join(' | ')} |`,
    ...rules.map(rule => row(explanationOf(rule, undefined))),
    '',
  ].join('\n')
}

function row({ id, title, about, versions, reactions, instead, citations }: Explanation): string {
  const cells = [
    `[\`${id}\`](${id}.ts)`,
    `**${title}**: ${about}`,
    versions,
    ...audienceKinds.map(kind => reactionWords(reactions[kind])),
    instead,
    citations.map(linked).join(', '),
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')).join(' | ')} |`
}

function linked({ text, url }: Citation): string {
  return url === null ? text : `[${text}](${url})`
}
