import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from '../../src/core/unified-diff.ts'

test('the lines around a change, and ranges as diff -u has them', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\n'
  const after = before.replace('b\n', 'b\nnew\n').replace('i\n', 'j\n')
  expect(unifiedDiff('f', before, after)).toEqual(
    '--- f\n+++ f\n@@ -1,9 +1,10 @@\n a\n b\n+new\n c\n d\n e\n f\n g\n h\n-i\n+j'.split('\n'),
  )
  expect(unifiedDiff('f', before, before)).toEqual([])
})

test('changes far from each other are shown apart', () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join('')
  const after = before.replace('line 2\n', 'two\n').replace('line 27\n', '')
  expect(unifiedDiff('f', before, after).filter(line => line.startsWith('@@'))).toEqual([
    '@@ -1,6 +1,6 @@',
    '@@ -25,6 +25,5 @@',
  ])
})

test('a missing newline at the end is told', () => {
  expect(unifiedDiff('f', 'a', 'a\n')).toEqual([
    '--- f',
    '+++ f',
    '@@ -1 +1 @@',
    '-a',
    '\\ No newline at end of file',
    '+a',
  ])
})

test('applied, it makes the one of the other, whatever they are', () => {
  const text = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 25 }), fc.boolean())
    .map(([lines, ends]) => `${lines.join('\n')}${ends ? '\n' : 'x'}`)
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(applied(before, unifiedDiff('f', before, after))).toBe(after)
    }),
  )
})

/** What `patch` does: every line that a hunk shows must be where the hunk says. */
function applied(before: string, diff: readonly string[]): string {
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? []
  let at = 0
  let made = ''
  for (const [index, line] of diff.entries()) {
    if (index < 2 || line.startsWith('\\')) continue
    const range = /^@@ -(\d+)(?:,(\d+))? /.exec(line)
    if (range !== null) {
      const start = Number(range[1]) - (range[2] === '0' ? 0 : 1)
      while (at < start) made += old[at++] ?? ''
      continue
    }
    const text = line.slice(1) + (diff[index + 1]?.startsWith('\\') === true ? '' : '\n')
    if (line[0] !== '+') expect(old[at++]).toBe(text)
    if (line[0] !== '-') made += text
  }
  return made + old.slice(at).join('')
}
