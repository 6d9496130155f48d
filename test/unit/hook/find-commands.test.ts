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
    ['find . -exec a {} \\; -o -exec b {} +', ['find . -exec a {} ; -o -exec b {} +', 'a ./…', 'b ./…']],
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

describe('a line that means more work than a person would write', () => {
  const thrice = (index: number): string => `f${index}() { ${`f${index + 1}; `.repeat(3)}}`
  test.each([
    ['functions', `${Array.from({ length: 40 }, (_, index) => thrice(index)).join('; ')}; f0; $X docker`],
    ['choices', `$X docker ${'{a,b}'.repeat(40)}`],
    ['arrays', `x=(a docker); ${'x=("${x[@]}" "${x[@]}"); '.repeat(40)} a`],
    ['pipes', `echo docker ${'| cat '.repeat(3000)}| sh`],
  ])('%s: it is given up, and told where it speaks of docker', (_, line) => {
    expect(judgeLine(line, beginning)).toEqual([{ kind: 'unreadable' }])
    expect(judgeLine(line.replaceAll('docker', 'true'), beginning)).toEqual([])
  })

  test.each([
    ['nested', `docker compose ${'$(echo '.repeat(30)}down -v${')'.repeat(30)}`],
    ['nested twice', `docker $(echo $(echo compose) $(echo down)) -v`],
    ['too deep', `a ${'$(a '.repeat(60)}docker compose down -v${')'.repeat(60)}`],
    ['many words', `docker volume rm ${'word '.repeat(20_000)}`],
    ['many open words', `docker volume rm ${'$A '.repeat(20_000)}`],
    ['behind many', `echo ${'word '.repeat(20_000)}; docker volume rm x`],
  ])('%s: it is read nevertheless', (_, line) => {
    expect(judgeLine(line, beginning)).toHaveLength(1)
  })

  test('and so is a long one that is harmless', () => {
    for (const word of ['word ', '$A ', '"$(docker ps -q)" '])
      expect(judgeLine(`docker inspect ${word.repeat(5000)}`, beginning)).toEqual([])
  })
})

test('what is wrapped too deeply is told', () => {
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
