/** Lines around a change that are shown with it. */
const around = 3

/**
 * The difference of two texts as `diff -u` shows it, so that `patch` can take it; empty where there is none. Made for
 * files of some hundred lines in which little changes.
 */
export function unifiedDiff(name: string, before: string, after: string): readonly string[] {
  const steps = stepsBetween(linesOf(before), linesOf(after))
  const changed = steps.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]))
  if (changed.length === 0) return []
  return [`--- ${name}`, `+++ ${name}`, ...hunksAround(changed, steps.length).flatMap(hunkLines)]

  function hunkLines([from, to]: readonly [number, number]): readonly string[] {
    const shown = steps.slice(from, to)
    const earlier = steps.slice(0, from)
    return [
      `@@ -${rangeOf('+', earlier, shown)} +${rangeOf('-', earlier, shown)} @@`,
      ...shown.flatMap(({ sign, line }) =>
        line.endsWith('\n')
          ? [`${sign}${line.slice(0, -1)}`]
          : [`${sign}${line}`, '\\ No newline at end of file'],
      ),
    ]
  }
}

interface Step {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
}

/** First line and number of lines on one side: without what only the other side has. */
function rangeOf(other: Step['sign'], earlier: readonly Step[], shown: readonly Step[]): string {
  const count = shown.filter(({ sign }) => sign !== other).length
  const start = earlier.filter(({ sign }) => sign !== other).length
  return `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`
}

/** Stretches of steps to be shown, from and up to; those that touch are one. */
function hunksAround(changed: readonly number[], length: number): readonly (readonly [number, number])[] {
  const hunks: [number, number][] = []
  for (const index of changed) {
    const [from, to] = [Math.max(0, index - around), Math.min(length, index + around + 1)]
    const last = hunks.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = to
    else hunks.push([from, to])
  }
  return hunks
}

/** Keeps each line's own ending. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** What both have at the beginning and at the end stays out of the search for what is common in between. */
function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && before[head] === after[head]) head++
  let tail = 0
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const same = (lines: readonly string[]): readonly Step[] => lines.map(line => ({ sign: ' ', line }))
  return [
    ...same(before.slice(0, head)),
    ...longestCommon(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ]
}

function longestCommon(before: readonly string[], after: readonly string[]): readonly Step[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      lengths[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
  const steps: Step[] = []
  let [row, column] = [0, 0]
  while (row < before.length || column < after.length) {
    const [old = '', fresh = ''] = [before[row], after[column]]
    if (row < before.length && column < after.length && old === fresh) {
      steps.push({ sign: ' ', line: old })
      row++
      column++
    } else if (
      row < before.length &&
      (column >= after.length || at(row + 1, column) >= at(row, column + 1))
    ) {
      steps.push({ sign: '-', line: old })
      row++
    } else {
      steps.push({ sign: '+', line: fresh })
      column++
    }
  }
  return steps
}
