import type { VitestReport } from './tally.ts'

/** The scenarios of one run, and the Compose that they ran on. */
export interface ScenarioRun {
  readonly compose: string
  readonly report: VitestReport
}

const words: Readonly<Record<string, string>> = { passed: 'passed', failed: 'FAILED' }

/**
 * What was shown of each rule, and on which Compose: a row for each scenario below a `describe` of the rule's id (or of
 * several, with commas), and a row for each rule without one. A Markdown table; `–` where that Compose does not have the hazard.
 */
export function ruleTable(ruleIds: readonly string[], runs: readonly ScenarioRun[]): string {
  const composes = [...new Set(runs.map(({ compose }) => compose))]
  const results = new Map<string, Map<string, string>>()
  for (const { compose, report } of runs)
    for (const { ancestorTitles, title, status } of report.testResults.flatMap(
      file => file.assertionResults,
    )) {
      const named = ancestorTitles.flatMap(each => each.split(', ')).filter(each => ruleIds.includes(each))
      for (const rule of named) {
        const key = `\`${rule}\` | ${title.replaceAll('|', '\\|')}`
        const known = results.get(key) ?? new Map<string, string>()
        results.set(key, known.set(compose, words[status] ?? '–'))
      }
    }
  const rows = ruleIds.flatMap(rule => {
    const own = [...results].filter(([key]) => key.startsWith(`\`${rule}\` |`))
    if (own.length === 0) return [`| \`${rule}\` | no scenario | ${composes.map(() => '–').join(' | ')} |`]
    return own.map(([key, seen]) => `| ${key} | ${composes.map(each => seen.get(each) ?? '–').join(' | ')} |`)
  })
  const heads = ['rule', 'scenario', ...composes]
  return [`| ${heads.join(' | ')} |`, `|${heads.map(() => ' --- |').join('')}`, ...rows].join('\n')
}
