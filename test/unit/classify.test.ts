import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { array, assert, boolean, constantFrom, oneof, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify } from '../../src/core/classify.ts'
import { effectOf, readInvocation } from '../../src/core/invocation.ts'
import type { ComposeForm } from '../../src/model/invocation.ts'

/** Releases around every change of the root level, those recorded, one that is newer, and one that is not known. */
const versions = ['2.0.0', '2.15.1', '2.16.0', '2.26.1', '2.27.0', '2.40.3', '5.5.0', '7.0.0', null]

/** The versions that run the line as a guarded command although it is classified as read-only. */
function findOverlooked(argv: readonly string[], form: ComposeForm): readonly string[] {
  if (classify(argv, form).effect !== 'read-only') return []
  const candidates = form === 'v1' ? ['1.29.2', '1.25.0', null] : versions
  return candidates
    .filter(version => {
      const invocation = readInvocation({ argv, form, version })
      return invocation.outcome === 'run' && effectOf(invocation) === 'guarded'
    })
    .map(version => `${JSON.stringify(argv)} as ${form} in ${version}`)
}

/** Words that trip parsers: globals with and without values, cut short and unknown, commands, and their look-alikes. */
const words = constantFrom(
  '',
  ...`-f -fx -f=x --file --file=x -p -pn --project-name --profile --ansi --env-file --all-resources
    --all-resources=1 --dry-run --compatibility --no-ansi --verbose --parallel --insecure-registry --workdir
    --progress --project-directory -v --version -h --help --context --context=x -c -H -H=x --host=x --hostile=x
    -D --debug -l --tls --tlscert --tlscert=x --log-level --config -- - -vp -Z --new --new=x ---x --=x -= -test.v
    --fi --pro --prof --skip -é -vf -fv compose x UP up down rm run start ps logs config convert version wait
    alpha bridge watch publish volumes exec exec-command help __complete docker-cli-plugin-metadata -d --volumes
    --down-project constructor toString __proto__`.split(/\s+/),
)

/** Likelier trips: a value or a doubtful flag or two, then words that may be swallowed or be the command. */
const trap = tuple(
  array(
    constantFrom('-f', '--file', '-p', '--all-resources', '--dry-run', '--context=a', '-H=a', '--', '--new'),
    {
      maxLength: 3,
    },
  ),
  array(constantFrom('ps', 'up', 'wait', 'x'), { minLength: 1, maxLength: 3 }),
  array(constantFrom('--down-project', '-d', 'web'), { maxLength: 2 }),
).map(parts => parts.flat())

describe('classify', () => {
  it('must never call a line read-only that a version runs as guarded: recorded lines', () => {
    const lines = ['parse-cases.jsonl.gz', 'parse-cases-v1.jsonl.gz'].flatMap(name => {
      const file = readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
      const text = gunzipSync(file).toString().trimEnd()
      return text.split('\n').map(line => JSON.parse(line) as { argv: string[]; form?: ComposeForm })
    })
    expect(lines.flatMap(({ argv, form = 'v1' }) => findOverlooked(argv, form))).toEqual([])
    const sure = lines.filter(({ argv, form = 'v1' }) => classify(argv, form).effect === 'read-only')
    expect(sure.length).toBeGreaterThan(1500)
  })

  it.each(['plugin', 'standalone', 'v1'] as const)(
    'must never call a line read-only that a version runs as guarded: random lines in %s form',
    form => {
      const line = oneof(array(words, { maxLength: 7 }), trap)
      assert(
        property(line, boolean(), (typed, isBare) => {
          const argv = form === 'plugin' && !isBare ? ['compose', ...typed] : typed
          expect(findOverlooked(argv, form)).toEqual([])
        }),
        { numRuns: 6000 },
      )
    },
    20_000,
  )

  it.each([
    ['compose ps -a', 'ps', 'read-only'],
    ['compose -f a.yml --profile x -p n logs -f web', 'logs', 'read-only'],
    ['--context x -D compose exec web sh', 'exec', 'read-only'],
    ['compose -p down ps', 'ps', 'read-only'],
    ['compose convert', 'config', 'read-only'],
    ['compose version', 'version', 'read-only'],
    ['compose --version', null, 'read-only'],
    ['compose', null, 'read-only'],
    ['compose --help', null, 'read-only'],
    ['docker-cli-plugin-metadata', 'docker-cli-plugin-metadata', 'read-only'],
    ['__complete compose down -v', '__complete', 'read-only'],
    ['compose down', 'down', 'guarded'],
    ['compose -f a.yml up -d', 'up', 'guarded'],
    ['compose -- x down -v', null, 'unsure'],
    ['compose --help down', 'down', 'guarded'],
    ['compose wait web', 'wait', 'unsure'],
    ['compose alpha viz', 'alpha', 'unsure'],
    ['compose bridge convert', 'bridge', 'unsure'],
    ['compose --dry-run ps', null, 'unsure'],
    ['compose --dry-run=1 ps', 'ps', 'read-only'],
    ['compose --all-resources ps', null, 'unsure'],
    ['compose --new ps', null, 'unsure'],
    ['compose frobnicate', null, 'unsure'],
    ['compose constructor', null, 'unsure'],
    ['ps', null, 'unsure'],
    ['--new compose ps', null, 'unsure'],
    ['', null, 'unsure'],
  ])('%s, as a plugin: %s %s', (line, command, effect) => {
    const argv = line.split(' ').filter(word => word !== '')
    expect(classify(argv, 'plugin')).toEqual({ command, effect })
  })

  it.each([
    ['ps', 'ps', 'read-only'],
    ['--verbose --host tcp://x -f a logs', 'logs', 'read-only'],
    ['-v', 'version', 'read-only'],
    ['-p -v ps', 'ps', 'read-only'],
    ['down -v', 'down', 'guarded'],
    ['compose up', 'up', 'guarded'],
    ['--context=x ps', 'ps', 'read-only'],
    ['-f --context=a up ps', null, 'unsure'],
    ['--host', null, 'unsure'],
  ])('%s, standalone: %s %s', (line, command, effect) => {
    expect(classify(line.split(' '), 'standalone')).toEqual({ command, effect })
  })

  it.each([
    ['ps', 'ps', 'read-only'],
    ['--file a --project-n x logs', 'logs', 'read-only'],
    ['exec-command web sh', 'exec', 'read-only'],
    ['--version', null, 'read-only'],
    ['--help down', null, 'read-only'],
    ['-- down', 'down', 'guarded'],
    ['-p ps down', 'down', 'guarded'],
    ['--pro ps down', null, 'unsure'],
    ['--new ps', null, 'unsure'],
    ['frobnicate', null, 'unsure'],
  ])('%s, v1: %s %s', (line, command, effect) => {
    expect(classify(line.split(' '), 'v1')).toEqual({ command, effect })
  })
})
