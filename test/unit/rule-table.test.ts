import { expect, test } from 'vitest'
import { ruleTable } from '../rule-table.ts'
import type { ScenarioRun } from '../rule-table.ts'

function aRun(compose: string, ...tests: readonly (readonly [string, string, string])[]): ScenarioRun {
  const assertionResults = tests.map(([group, title, status]) => ({ ancestorTitles: [group], title, status }))
  const testResults = [{ status: 'passed', assertionResults }]
  return {
    compose,
    report: { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults },
  }
}

test('each scenario of a rule has a row, each Compose a column, and a rule without one is seen', () => {
  const runs = [
    aRun(
      '1.29.2',
      ['rm-v', 'rm -fsv', 'passed'],
      ['rm-v', 'a | b', 'skipped'],
      ['rm-v, up-y', 'both', 'passed'],
      ['guard', 'x', 'passed'],
    ),
    aRun('2.40.3', ['rm-v', 'rm -fsv', 'failed'], ['rm-v', 'a | b', 'passed']),
  ]
  expect(ruleTable(['rm-v', 'run-anon'], runs).split('\n')).toEqual([
    '| rule | scenario | 1.29.2 | 2.40.3 |',
    '| --- | --- | --- | --- |',
    '| `rm-v` | rm -fsv | passed | FAILED |',
    '| `rm-v` | a \\| b | – | passed |',
    '| `rm-v` | both | passed | – |',
    '| `run-anon` | no scenario | – | – |',
  ])
})
