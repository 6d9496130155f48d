import { expect, test } from 'vitest'
import { readEnvFile } from '../../src/core/env-file.ts'

test.each<[string, string, Record<string, string>]>([
  ['plain', 'A=1\nB = two words \n', { A: '1', B: 'two words' }],
  ['empty values and lines', 'A=\n\n   \nB=""\n', { A: '', B: '' }],
  ['comments', '# A=0\nA=1 # one\nB=x#y\nC="a # b" # c\n', { A: '1', B: 'x#y', C: 'a # b' }],
  ['export and colon', 'export A=1\n  export  B=2\nC: 3\n', { A: '1', B: '2', C: '3' }],
  ['single quotes take everything as it is', 'A=\'$B \\n "x"\'\n', { A: '$B \\n "x"' }],
  ['double quotes unescape', 'A="a\\nb\\t\\"c\\" \\\\"\n', { A: 'a\nb\t"c" \\' }],
  ['values over several lines', 'A="one\ntwo"\nB=3\n', { A: 'one\ntwo', B: '3' }],
  ['Windows line ends and a byte order mark', '\uFEFFA=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ['the last of a name', 'A=1\nA=2\n', { A: '2' }],
  ['no newline at the end', 'A=1', { A: '1' }],
  ['what is no assignment', 'nonsense\n=x\n1A=2\nA=1\n', { A: '1' }],
])('%s', (_, text, expected) => {
  expect(readEnvFile(text, {})).toEqual(expected)
})

test('references are filled in from the environment first, then from above', () => {
  const text = [
    'A=1',
    'B=$A-${A}',
    'C=${HOME}/x',
    'D=${NONE:-default}',
    'E=${EMPTY-kept}',
    'F=${EMPTY:-default}',
    'G=${A:+other}',
    'H=${NONE+other}',
    'I=$$A',
    'J="${NONE}"',
    "K='${A}'",
  ].join('\n')
  expect(readEnvFile(text, { HOME: '/root', EMPTY: '', A: 'outer' })).toEqual({
    A: '1',
    B: 'outer-outer',
    C: '/root/x',
    D: 'default',
    E: '',
    F: 'default',
    G: 'other',
    H: '',
    I: '$A',
    J: '',
    K: '${A}',
  })
})
