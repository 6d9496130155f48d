import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openShellReader } from '../../../src/adapters/shell/read-shell.ts'
import { findCommands } from '../../../src/core/hook/find-commands.ts'
import { judgeLine } from '../../../src/core/hook/judge.ts'
import { shown } from '../../../src/core/hook/words.ts'

const read = await openShellReader()
const beginning = { read, home: '/home/you', directory: '/srv/shop' }

/** The commands that a line runs, as they can be shown. */
function commands(line: string): readonly string[] {
  return findCommands(line, beginning).map(found =>
    found.kind === 'command' ? shown(found.words).join(' ') : `unreadable: ${found.text}`,
  )
}

describe('the commands in a line', () => {
  test.each([
    ['a; b && c | d', ['a', 'b', 'c', 'd']],
    ['a "$(b)" `c`', ['b', 'c', 'a … …']],
    ['X=1 a $X "$X$Y"', ['a … …']],
    ['X="1 2"; a $X "$X"', ['a 1 2 1 2']],
    ['x=(1 "2 3"); a "${x[@]}" ${x[0]}', ['a 1 2 3 …']],
    ['if a; then X=1; else X=2; fi; b $X', ['a', 'b 1', 'b 2']],
    ['for x in 1 2; do a $x; done', ['a 1', 'a 2']],
    ['a {b,c}d', ['a bd cd']],
    ['f() { a "$1" "$@"; }; f x y; g', ['a x x y', 'g']],
    ['f() { a; }', []],
    ["alias x='a b'; x c", ['a b c']],
    ['bash -c \'a "$1"\' _ b', ['a b']],
    ['sudo -u x env A=1 nice -n 5 a -v', ['a -v']],
    ["ssh -p 22 h 'a | b'", ['a', 'b']],
    ['a | xargs -n1 b', ['a', 'b …']],
    ['echo x y | xargs b', ['echo x y', 'b x y']],
    ['echo x y | xargs -I{} b {}.c', ['echo x y', 'b x.c', 'b y.c']],
    ['find . -exec a {} \\; -o -exec b {} +', ['find . -exec a {} ; -o -exec b {} +', 'a …', 'b …']],
    ['cat <<EOF\n$(a)\nEOF', ['a', 'cat']],
    ["bash <<'EOF'\na\nb\nEOF", ['a', 'b']],
    ["a 'b", ["unreadable: a 'b", 'a b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['cd x; a', ['a']],
    ['command -v a', []],
  ])('%j', (line, expected) => {
    expect(commands(line)).toEqual(expected)
  })

  test('where a command runs, and with what', () => {
    const [found] = findCommands('cd db; export A=1; unset B; C=2 env -u D -i sudo E=3 a', beginning)
    expect(found).toMatchObject({ directory: '/srv/shop/db', withoutOthers: true, input: null })
    expect(found?.kind === 'command' ? [...found.variables] : []).toEqual([
      ['A', '1'],
      ['B', null],
      ['C', '2'],
      ['D', null],
      ['E', '3'],
    ])
  })
})

test('a short line that would come to countless commands is given up, and told', () => {
  const functions = Array.from({ length: 40 }, (_, index) => `f${index}() { f${index + 1}; f${index + 1}; }`)
  const line = `${functions.join('; ')}; f40() { true; }; f0; docker compose down -v`
  expect(judgeLine(line, beginning)).toEqual([{ kind: 'unreadable' }])
  const deep = `${'eval '.repeat(30)}docker volume rm x`
  expect(judgeLine(deep, beginning)).toEqual([{ kind: 'unreadable' }])
})

test('nothing that is typed makes it fail', () => {
  const words =
    'docker compose down -v volume rm sudo env xargs bash -c eval f $X "$@" $( ) ` {a,b} <<EOF EOF <( (( [[ ]]'
  const signs = `{ } ' " \\ ; | && X=1 x=(a f() for do done if then fi #`
  const piece = fc.constantFrom(...words.split(' '), ...signs.split(' '), ' ', '\n')
  fc.assert(
    fc.property(
      fc.oneof(fc.array(piece, { maxLength: 25 }), fc.array(fc.string(), { maxLength: 5 })),
      pieces => {
        for (const join of [' ', ''])
          expect(Array.isArray(judgeLine(pieces.join(join), beginning))).toBe(true)
      },
    ),
    { numRuns: 3000 },
  )
})
