import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { ownWords } from '../../src/core/own-words.ts'
import { manPage } from '../../src/ui/man-page.ts'

test('the manual page has every command of ours, and no line that is a request by accident', () => {
  const page = manPage()
  for (const word of Object.keys(ownWords)) expect(page).toMatch(new RegExp(`^\\.B ${word}\\b`, 'm'))
  const requests = page.split('\n').flatMap(line => /^[.']\w*/.exec(line)?.[0] ?? [])
  expect([...new Set(requests)].toSorted()).toEqual([
    '.B',
    '.BR',
    '.PP',
    '.RE',
    '.RS',
    '.SH',
    '.TH',
    '.TP',
    '.TQ',
  ])
  // Whatever a reader of manual pages does not know by itself is written in its own way.
  expect(page).toMatch(/^[\x20-\x7e\n]*$/)
})

test('where there is a groff, it reads it without a warning', () => {
  const read = 'command -v groff >/dev/null || exit 0; groff -man -ww -Tascii 2>&1 >/dev/null'
  expect(execFileSync('sh', ['-c', read], { input: manPage(), encoding: 'utf8' })).toBe('')
})
