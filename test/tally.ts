/** How many tests went which way. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 }

/** What is read of the report that vitest's `json` reporter writes. */
export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly {
      readonly status: string
      /** Of the test itself, and of the groups around it. */
      readonly title: string
      readonly ancestorTitles: readonly string[]
    }[]
  }[]
}

/**
 * Counts one run of vitest. A file that could not be loaded, a setup that failed, an error outside of any test and a
 * run without a single test count as one failed test, so that nothing which went wrong adds up to "0 failed".
 *
 * `report` is null where vitest ended before it could write one.
 */
export function tallyOf(report: VitestReport | null, exitCode: number): Tally {
  if (report === null) return { ...nothing, failed: 1 }
  const brokenFiles = report.testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  )
  const passed = report.numPassedTests
  const failed = report.numFailedTests + brokenFiles.length
  const skipped = report.numPendingTests + report.numTodoTests
  const wentWrongUncounted = exitCode !== 0 || passed + skipped === 0
  return { passed, failed: failed === 0 && wentWrongUncounted ? 1 : failed, skipped }
}

export function add(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  }
}

/** The last line of every run: `12 passed, 0 failed`, and the skipped ones where there are any. */
export function lineOf({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Reads such a line; null for any other. */
export function readLine(line: string): Tally | null {
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line.trim())
  if (match === null) return null
  return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) }
}

/** A run is well when tests ran, all of them, and none failed. */
export function isWell({ passed, failed, skipped }: Tally): boolean {
  return passed > 0 && failed === 0 && skipped === 0
}
