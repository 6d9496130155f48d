import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { pinInText } from '../../src/adapters/configuration/pin-text.ts'
import { Stop } from '../../src/model/failure.ts'

function pinned(text: string, external = false, volume = 'shop_pgdata'): Promise<string> {
  return pinInText('compose.yaml', text, { key: 'pgdata', volume, external })
}

describe('the name is written, and nothing else changes by a byte', () => {
  test.each<[string, string, string]>([
    ['no value', 'volumes:\n  pgdata:\n', 'volumes:\n  pgdata:\n    name: shop_pgdata\n'],
    [
      'no value, a comment, CRLF, and more below',
      'volumes:\r\n  pgdata: # the db\r\n\r\n  # other\r\n  other:\r\n',
      'volumes:\r\n  pgdata: # the db\r\n    name: shop_pgdata\r\n\r\n  # other\r\n  other:\r\n',
    ],
    [
      'byte-order mark, no newline at the end',
      '\uFEFFvolumes:\n  pgdata:',
      '\uFEFFvolumes:\n  pgdata:\n    name: shop_pgdata',
    ],
    ['an empty mapping', 'volumes:\n  pgdata: {}\n', 'volumes:\n  pgdata: { name: shop_pgdata }\n'],
    ['null in words', 'volumes:\n  pgdata: null\n', 'volumes:\n  pgdata: { name: shop_pgdata }\n'],
    ['flow style without a value', 'volumes: { pgdata: }\n', 'volumes: { pgdata: { name: shop_pgdata } }\n'],
    [
      'flow style without a colon',
      'volumes: {a, pgdata, b}\n',
      'volumes: {a, pgdata: { name: shop_pgdata }, b}\n',
    ],
    [
      'flow style over lines',
      'volumes: {\n  pgdata: {\n    driver: local,\n  },\n}\n',
      'volumes: {\n  pgdata: {\n    name: shop_pgdata,\n    driver: local,\n  },\n}\n',
    ],
    [
      'keys, comments and four blanks',
      'volumes:\n    pgdata:\n        # why\n        driver: local # d\n    b:\n',
      'volumes:\n    pgdata:\n        # why\n        name: shop_pgdata\n        driver: local # d\n    b:\n',
    ],
    [
      'a quoted key',
      'volumes:\n  "pgdata":\n    driver: "local"\n',
      'volumes:\n  "pgdata":\n    name: shop_pgdata\n    driver: "local"\n',
    ],
    [
      'an explicit key',
      'volumes:\n  ? pgdata\n  : driver: local\n',
      'volumes:\n  ? pgdata\n  : name: shop_pgdata\n    driver: local\n',
    ],
    [
      'a merge',
      'x: &v\n  driver: local\nvolumes:\n  pgdata:\n    <<: *v\n',
      'x: &v\n  driver: local\nvolumes:\n  pgdata:\n    name: shop_pgdata\n    <<: *v\n',
    ],
    [
      'an alias',
      'x: &v\n  driver: local\nvolumes:\n  pgdata: *v\n  b: *v\n',
      'x: &v\n  driver: local\nvolumes:\n  pgdata: { <<: *v, name: shop_pgdata }\n  b: *v\n',
    ],
    [
      'an alias of nothing',
      'volumes:\n  a: &v\n  pgdata: *v\n',
      'volumes:\n  a: &v\n  pgdata: { name: shop_pgdata }\n',
    ],
    [
      'an anchor that others mean',
      'volumes:\n  pgdata: &v # v\n    driver: local\n    driver_opts:\n      a: b\n\n  # for b\n  b: *v\n',
      'volumes:\n  pgdata:\n    name: shop_pgdata\n    <<: &v # v\n      driver: local\n      driver_opts:\n        a: b\n\n  # for b\n  b: *v\n',
    ],
    [
      'an anchor in flow style that others mean',
      'volumes:\n  pgdata: &v { driver: local }\n  b:\n    <<: *v\n',
      'volumes:\n  pgdata: { name: shop_pgdata, <<: &v { driver: local } }\n  b:\n    <<: *v\n',
    ],
    [
      'an anchor that nobody means',
      'volumes:\n  pgdata: &v\n    driver: local\n',
      'volumes:\n  pgdata: &v\n    name: shop_pgdata\n    driver: local\n',
    ],
    [
      'another name',
      'volumes:\n  pgdata:\n    name: old # why\n',
      'volumes:\n  pgdata:\n    name: shop_pgdata # why\n',
    ],
    [
      'another name in its quotes',
      "volumes:\n  pgdata: { name: 'old' }\n",
      "volumes:\n  pgdata: { name: 'shop_pgdata' }\n",
    ],
    [
      'the old way to name an external one',
      'volumes:\n  pgdata:\n    external:\n      name: old\n',
      'volumes:\n  pgdata:\n    external:\n      name: shop_pgdata\n',
    ],
    [
      'the second document',
      'a: 1\n---\nvolumes:\n  pgdata:\n',
      'a: 1\n---\nvolumes:\n  pgdata:\n    name: shop_pgdata\n',
    ],
    [
      'a key that is not declared',
      'volumes:\n  # first\n  other:\n',
      'volumes:\n  # first\n  pgdata:\n    name: shop_pgdata\n  other:\n',
    ],
    [
      'no volumes at all, no newline at the end',
      'services:\n  db: {}',
      'services:\n  db: {}\nvolumes:\n  pgdata:\n    name: shop_pgdata\n',
    ],
    [
      'volumes without a value',
      'volumes:\nservices: {}\n',
      'volumes:\n  pgdata:\n    name: shop_pgdata\nservices: {}\n',
    ],
    [
      'JSON',
      '{\n  "volumes": {\n    "pgdata": {\n      "driver": "local"\n    }\n  }\n}\n',
      '{\n  "volumes": {\n    "pgdata": {\n      "name": "shop_pgdata",\n      "driver": "local"\n    }\n  }\n}\n',
    ],
    ['JSON, null', '{"volumes": {"pgdata": null}}', '{"volumes": {"pgdata": { "name": "shop_pgdata" }}}'],
    [
      'JSON without volumes',
      '{\n  "services": {}\n}\n',
      '{\n  "services": {},\n  "volumes": { "pgdata": { "name": "shop_pgdata" } }\n}\n',
    ],
  ])('%s', async (_, before, after) => {
    expect(await pinned(before)).toBe(after)
  })

  test('JSON stays JSON', async () => {
    for (const text of ['{"volumes": {"pgdata": {}}}', '{"services": {"db": {}}}', '{"volumes": {"a": {}}}'])
      expect(JSON.parse(await pinned(text))).toMatchObject({ volumes: { pgdata: { name: 'shop_pgdata' } } })
  })

  test('names that look like numbers are quoted', async () => {
    const hex = '0123456789'.repeat(6) + '1234'
    expect(await pinned('volumes:\n  pgdata:\n', false, hex)).toBe(
      `volumes:\n  pgdata:\n    name: "${hex}"\n`,
    )
    expect(await pinned('volumes:\n  pgdata:\n', false, 'no')).toContain('name: "no"')
  })

  test('external: true is added, switched on, and left as it is', async () => {
    expect(await pinned('volumes:\n  pgdata:\n', true)).toBe(
      'volumes:\n  pgdata:\n    name: shop_pgdata\n    external: true\n',
    )
    expect(await pinned('volumes:\n  pgdata:\n    external: false\n', true)).toBe(
      'volumes:\n  pgdata:\n    name: shop_pgdata\n    external: true\n',
    )
    expect(await pinned('volumes:\n  pgdata:\n    external: true\n', true)).toBe(
      'volumes:\n  pgdata:\n    name: shop_pgdata\n    external: true\n',
    )
    const old = 'volumes:\n  pgdata:\n    external:\n      name: shop_pgdata\n'
    expect(await pinned(old, true)).toBe(old)
  })
})

describe('what cannot be changed safely is left alone, with the line to write', () => {
  test.each([
    ['volumes: *x', 'x: &x {}\nvolumes: *x\n'],
    ['a list', 'volumes:\n- a\n'],
    ['a tag', 'volumes:\n  pgdata: !reset null\n'],
    ['broken', 'volumes: [\n'],
    ['a scalar', 'hello\n'],
    ['several documents without it', 'a: 1\n---\nb: 1\n'],
    ['a name that is an anchor', 'volumes:\n  pgdata:\n    name: &n old\nx: *n\n'],
    ['a shared anchor that has a name', 'volumes:\n  pgdata: &v { name: a }\n  b: *v\n'],
  ])('%s', async (_, text) => {
    const error = await pinned(text).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Stop)
    expect((error as Stop).failure).toMatchObject({
      reason: 'not-possible',
      how: 'write it by hand: volumes: { pgdata: { name: shop_pgdata } }',
    })
  })
})

test('whatever stands around it: read again, only the name is new, and every other line is there', async () => {
  const value = fc.constantFrom(
    '',
    ' {}',
    ' # c',
    ' null',
    '\n    driver: local',
    ' { driver: local }',
    ' &a',
    ' &b {}',
  )
  const line = fc.constantFrom('', '  # note', '  other:', '  more: {}  ', '  third:\n    labels: [a=b]')
  await fc.assert(
    fc.asyncProperty(
      value,
      fc.uniqueArray(line, { maxLength: 4 }),
      fc.uniqueArray(line, { maxLength: 4 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (own, above, below, eol, ends) => {
        const twice = below.filter(each => each === '' || each === '  # note' || !above.includes(each))
        const text = ['services: {}', 'volumes:', ...above, `  pgdata:${own}`, ...twice]
          .join('\n')
          .replaceAll('\n', eol)
        const before = ends ? `${text}${eol}` : text
        const after = await pinned(before)
        const value = parse(before) as { volumes: Record<string, object | null> }
        value.volumes['pgdata'] = { ...value.volumes['pgdata'], name: 'shop_pgdata' }
        expect(parse(after)).toEqual(value)
        const kept = after.split('\n').map(each => each.trim())
        for (const each of before.split('\n'))
          if (!each.includes('pgdata')) expect(kept).toContain(each.trim())
        if (eol === '\r\n') expect(after.replaceAll('\r\n', '')).not.toContain('\n')
      },
    ),
    { numRuns: 100 },
  )
}, 60_000)
