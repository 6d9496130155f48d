import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockLines, crontabLine, withBlock, withoutBlock } from '../../../src/core/schedule/crontab-block.ts'

const lines = ["7,22,37,52 * * * * /bin/sh '/x y/shop.sh' --if-due"]

/** Any crontab: with settings, comments, blank lines, odd line breaks, a last line that is not ended. */
const crontabs = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '',
        '\r',
        'MAILTO=me@example.org',
        '0 3 * * * /usr/bin/true',
        '# >>> something else',
        '# <<< end',
      ),
      fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', ' ')),
    ),
  )
  .chain(all => fc.constantFrom(all.join('\n'), all.map(line => `${line}\n`).join('')))

test('installed and removed, any crontab is the same byte for byte', () => {
  fc.assert(
    fc.property(crontabs, crontab => {
      const installed = withBlock(crontab, 'shop-1', lines)
      expect(installed?.endsWith('\n')).toBe(true)
      expect(blockLines(installed ?? '', 'shop-1')).toEqual(lines)
      expect(withoutBlock(installed ?? '', 'shop-1')).toBe(crontab)
    }),
  )
})

test('several schedules do not disturb each other, in whatever order they come and go', () => {
  const keys = ['shop-1', 'shop-12', 'blog-2']
  const orders = fc.shuffledSubarray(keys, { minLength: 3 })
  fc.assert(
    fc.property(crontabs, orders, orders, (crontab, coming, going) => {
      let text = crontab
      for (const key of coming) text = withBlock(text, key, [`line of ${key}`]) ?? ''
      for (const key of keys) expect(blockLines(text, key)).toEqual([`line of ${key}`])
      for (const key of going) {
        text = withoutBlock(text, key) ?? ''
        expect(text === crontab || text.endsWith('\n')).toBe(true)
      }
      expect(text).toBe(crontab)
    }),
  )
})

test('installing again replaces, and keeps what was added below meanwhile', () => {
  const first = withBlock('0 3 * * * a', 'shop-1', lines) ?? ''
  const edited = `${first}0 4 * * * b\n`
  const again = withBlock(edited, 'shop-1', ['other']) ?? ''
  expect(again.match(/>>> safe-compose/g)).toHaveLength(1)
  expect(blockLines(again, 'shop-1')).toEqual(['other'])
  expect(again).toContain('0 3 * * * a\n0 4 * * * b')
})

test('a block without its end is left alone', () => {
  const torn = (withBlock('0 3 * * * a\n', 'shop-1', lines) ?? '').replace('# <<<', '#')
  expect(withBlock(torn, 'shop-1', lines)).toBeNull()
  expect(withoutBlock(torn, 'shop-1')).toBeNull()
})

test('a percent sign is no line break, a blank and a quote stay in the word', () => {
  expect(crontabLine("/it's 100%/shop.sh", 7)).toBe(
    `7,22,37,52 * * * * /bin/sh '/it'\\''s 100\\%/shop.sh' --if-due`,
  )
})
