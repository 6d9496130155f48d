import { array, assert, constantFrom, integer, oneof, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { protectionReport } from '../../src/core/report.ts'
import type { SeenProject } from '../../src/core/report.ts'
import { markup } from '../../src/ui/markup.ts'
import { reportHtml, reportMark } from '../../src/ui/report-html.ts'
import { growthPlot } from '../../src/ui/report-plot.ts'
import { reportStyle } from '../../src/ui/report-style.ts'
import { reportText } from '../../src/ui/report-text.ts'
import { aRestorePoint, aVolume, ago, hours } from '../fakes/question.ts'
import { aSight, anEntry, keptOf, pointAt, seenProject, someData, theShop } from '../fakes/report.ts'

/** Every tag in its order, attributes' values left out. Throws where the page is no well-formed XML. */
function structureOf(page: string): readonly string[] {
  const style = page.indexOf('</style>')
  const body = page.replace(/^<!DOCTYPE html>\n/, '').replace(/<style>[^<&]*<\/style>/, '<style></style>')
  if (style < 0) throw new Error('no style')
  const open: string[] = []
  const seen: string[] = []
  const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z:-]+="(?:[^"<&]|&#\d+;)*")*)(\/?)>|&#\d+;|[^<>&]+/gisu
  let at = 0
  for (const match of body.matchAll(token)) {
    if (match.index !== at) break
    at += match[0].length
    const [, closing, name = '', attributes = '', empty] = match
    if (name === '') continue
    if (name !== name.toLowerCase() && name !== 'viewBox') throw new Error(`tag ${name}`)
    seen.push(`${closing}${name}${attributes.replaceAll(/="[^"]*"/g, '')}`)
    if (closing === '/') {
      const last = open.pop()
      if (last !== name) throw new Error(`</${name}> closes <${last}>`)
    } else if (empty !== '/') open.push(name)
  }
  if (at !== body.length) throw new Error(`no markup: ${body.slice(at, at + 60)}`)
  if (open.length > 0) throw new Error(`not closed: ${open.join(' ')}`)
  return seen
}

function pageOf(...projects: readonly SeenProject[]): string {
  return reportHtml(protectionReport(aSight(projects)))
}

/** The same project with this text wherever a text can come from files, the engine or the journal. */
function called(text: string): SeenProject {
  const point = pointAt(2 * hours, [keptOf(aVolume(`a${text}`), 10), keptOf(aVolume(`gone${text}`), 5)])
  const older = aRestorePoint({ ...point.manifest, id: `old${text}`, finishedAt: ago(30 * hours) })
  return seenProject({
    name: `name${text}`,
    directory: `/srv/${text}`,
    data: [
      someData(aVolume(`a${text}`), { usedBy: [`by${text}`] }),
      someData(aVolume(`b${text}`), { spared: `spared${text}` }),
    ],
    points: [{ ...point, id: `id${text}`, path: `/store/${text}` }, older],
    entries: [
      anEntry({
        argv: ['compose', 'run', `word${text}`],
        openedAt: `2026${text}`,
        undoneBy: text,
        audience: `who${text}`,
      }),
    ],
    checks: [
      {
        id: 'x',
        title: `title${text}`,
        health: 'critical',
        found: `found${text}`,
        mend: `do${text}`,
        fix: null,
      },
    ],
    line: (...words) => words.join(' '),
  })
}

test('a whole page is well-formed, and knows itself for a report', () => {
  const page = pageOf(theShop(), { ...theShop(), name: 'other', data: null, line: null }, seenProject())
  expect(structureOf(page).length).toBeGreaterThan(200)
  expect(page.indexOf(reportMark)).toBeLessThan(300)
  expect(structureOf(pageOf())).toContain('h1')
  expect(() => structureOf(page.replace('</h1>', ''))).toThrow('closes')
  expect(() => structureOf(page.replace('</h1>', '<'))).toThrow('no markup')
})

test('nothing is fetched, nothing runs', () => {
  const page = pageOf(theShop())
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bon\w+=|javascript:|url\(|@import/i)
  expect(page.match(/href="[^"]*"/g) ?? []).toEqual([])
  const hrefs = pageOf(theShop(), theShop()).match(/href="[^"]*"/g)
  expect(hrefs).toEqual(['href="#project-1"', 'href="#project-2"'])
})

describe('no name gets out of its place', () => {
  const plain = structureOf(pageOf(called('x')))

  test.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    '&lt;b&gt; & &amp;',
    '${html}',
    ']]><!--',
    'line\nbreak\ttab\0null',
    '\u202eevil\u2066\u200f',
    '\ufffe\uffff\ud800',
    '</style></title>',
    'ä'.repeat(127),
  ])('%j', text => {
    const page = pageOf(called(text))
    expect(structureOf(page)).toEqual(plain)
    expect(page).not.toMatch(/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/u)
    expect(page.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(reportText(protectionReport(aSight([called(text)]))).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })

  test('any text at all', () => {
    const unit = oneof(
      constantFrom(...'<>&"\'/=;#`${}'),
      integer({ min: 0, max: 0x10ffff }).map(code => String.fromCodePoint(code)),
    )
    assert(
      property(array(unit, { maxLength: 30 }), pieces => {
        expect(structureOf(pageOf(called(pieces.join(''))))).toEqual(plain)
      }),
      { numRuns: 25 },
    )
  })

  test('what is put into markup is text, markup, or nothing', () => {
    const inner = markup`<b>${'<&>'}</b>`
    expect(markup`<p title="${'"'}">${inner}${[inner, inner]}${7}${null}</p>`.html).toBe(
      '<p title="&#34;"><b>&#60;&#38;&#62;</b><b>&#60;&#38;&#62;</b><b>&#60;&#38;&#62;</b>7</p>',
    )
  })
})

describe('the plot', () => {
  const at = (age: number, bytes: number) => ({ at: ago(age * hours), bytes })

  test('goes from the left to the right, and up where it grew', () => {
    const svg = growthPlot([at(2, 0), at(1, 50), at(0, 100)], 'grew')?.html ?? ''
    expect(svg).toContain('<polyline class="line" points="3,31 66,17 129,3"/>')
    expect(svg).toContain('aria-label="grew"')
  })

  test('is left out where there are not two moments', () => {
    expect(growthPlot([], '')).toBe(null)
    expect(growthPlot([at(1, 10)], '')).toBe(null)
    expect(growthPlot([at(1, 10), at(1, 20)], '')).toBe(null)
    expect(growthPlot([at(1, 10), { at: 'never', bytes: 1 }], '')).toBe(null)
    expect(growthPlot([at(1, 0), at(0, 0)], '')).not.toBe(null)
  })

  test('of ten thousand restore points it has as much as can be seen, with the last', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => at(10_000 - index, index))
    const svg = growthPlot(many, '')?.html ?? ''
    expect(svg.length).toBeLessThan(2500)
    expect(svg).toContain(' 129,3"/>')
  })
})

test.each(['light', 'dark', 'print'])('every colour of text can be read on its ground: %s', mode => {
  const blocks = [...reportStyle.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) => block)
  const index = ['light', 'dark', 'print'].indexOf(mode)
  const colors = new Map(
    [...(blocks[index] ?? '').matchAll(/--(\w+): (#[0-9a-f]+)/g)].map(([, name = '', color = '']) => [
      name,
      color,
    ]),
  )
  for (const ground of ['paper', 'panel'])
    for (const text of ['ink', 'quiet', 'well', 'bad', 'warn'])
      expect(contrast(colors.get(text), colors.get(ground)), `${text} on ${ground}`).toBeGreaterThan(4.5)
})

/** As WCAG 2 has it. */
function contrast(one: string | undefined, other: string | undefined): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color = ''): number {
  const digits = color.length === 4 ? color.replaceAll(/[0-9a-f]/g, '$&$&') : color
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

test('the text page', () => {
  expect(`\n${reportText(protectionReport(aSight([theShop()])))}`).toBe(`
project shop: 3 of 4 volumes protected

  DATA          HOLDS            SIZE    LAST BACKUP  VERIFIED         COPIES  GREW
✗ shop_uploads                   310 MB  never        never            0
✔ shop_pgdata   PostgreSQL 15.6  1.2 GB  2 h ago      boots, 24 h ago  28      937 MB → 1.2 GB in 14 d
✔ shop_redis    Redis 7.2        38 MB   2 h ago      boots, 24 h ago  28      32 MB → 38 MB in 14 d
✔ shop_media                     2.4 GB  14 h ago     boots, 24 h ago  27      942 MB → 2.4 GB in 13 d

✗ shop_uploads: in no good restore point
  → safe-compose backup
✗ automatic backups: no timer of this machine takes backups
  → safe-compose schedule install
! volumes pinned: pgdata follows the directory's name
  → safe-compose pin

  NO LONGER ON THE ENGINE  LAST BACKUP  COPIES  GET IT
  shop_search              10 d ago     7       safe-compose restore 20261113T061631Z-manual --volume shop_search

  COMMAND                                              WHEN      GUARD            CAME OF IT
  run --rm -e 'TOKEN=***' web 'sh -c '\\''migrate'\\'''  9 h ago   backed up first  deleted nothing; ended with 1
  undo 20261117T201631Z-preflight-down                 5 d ago   let through      put back shop_pgdata and shop_redis
  down -v                                              6 d ago   asked first      deleted shop_pgdata and shop_redis, undone 5 d ago
  up -d                                                20 d ago  backed up first  deleted nothing

left out: /srv/shop/conf (a directory of the host without a database: it is backed up when it is named)
left out: shop_node_modules (a cache that can be made again (node_modules))

23 Nov 2026, 20:16 UTC · store /var/lib/safe-compose
`)
})
