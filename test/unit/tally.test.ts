import { expect, test } from 'vitest'
import { add, isWell, lineOf, nothing, readLine, tallyOf } from '../tally.ts'
import type { VitestReport } from '../tally.ts'

const report = (counts: Partial<VitestReport>): VitestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...counts,
})

const aTest = (status: string) => ({ status, title: 'it must', ancestorTitles: [] })

test('counts what passed, failed and was skipped', () => {
  const counts = { numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }
  expect(tallyOf(report(counts), 1)).toEqual({ passed: 7, failed: 2, skipped: 2 })
})

test('a file that could not be loaded is a failed test', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [aTest('passed')] },
  ]
  expect(tallyOf(report({ numPassedTests: 1, testResults }), 1)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  })
})

test('a file with a failed test is not counted twice', () => {
  const testResults = [{ status: 'failed', assertionResults: [aTest('failed')] }]
  expect(tallyOf(report({ numFailedTests: 1, testResults }), 1).failed).toBe(1)
})

test.each([
  ['no report', null, 1],
  ['no test', report({}), 0],
  ['an error outside of the tests', report({ numPassedTests: 3 }), 1],
])('%s is a failure', (_, given, exitCode) => {
  const tally = tallyOf(given, exitCode)
  expect(tally.failed).toBe(1)
  expect(isWell(tally)).toBe(false)
})

test('a skipped test is not well', () => {
  expect(isWell({ passed: 5, failed: 0, skipped: 1 })).toBe(false)
  expect(isWell({ passed: 5, failed: 0, skipped: 0 })).toBe(true)
  expect(isWell(nothing)).toBe(false)
})

test('the last line can be read back', () => {
  for (const tally of [
    { passed: 12, failed: 0, skipped: 0 },
    { passed: 1, failed: 2, skipped: 3 },
  ])
    expect(readLine(lineOf(tally))).toEqual(tally)
  expect(lineOf({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  expect(lineOf({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped')
  expect(readLine('Tests  12 passed (12)')).toBeNull()
})

test('tallies add up', () => {
  expect(add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  })
})
