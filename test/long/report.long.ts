import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { protectionReport } from '../../src/core/report.ts'
import { reportHtml } from '../../src/ui/report-html.ts'
import { aVolume } from '../fakes/question.ts'
import { aSight, seenProject, someData, theShop } from '../fakes/report.ts'
import { openChromium } from './chromium.ts'
import type { Look } from './chromium.ts'

const hostile = `"><script>window.ran = true</script><img src="http://192.0.2.1/x" onerror="window.ran = true">`
const long = 'a-name-that-does-not-end-'.repeat(8)

const folder = mkdtempSync(join(tmpdir(), 'safe-compose-report-'))
const file = join(folder, 'report.html')
const sight = aSight([
  theShop(),
  seenProject({ name: `evil${hostile}`, data: [someData(aVolume(`v${hostile}`))] }),
  seenProject({ name: long, directory: `/srv/${long}`, data: [someData(aVolume(`${long}_data`))] }),
])
writeFileSync(file, reportHtml(protectionReport(sight)))

const page = await openChromium()
afterAll(async () => {
  await page.close()
  rmSync(folder, { recursive: true, force: true })
})

const looks: readonly Look[] = [
  { width: 390, colours: 'light' },
  { width: 390, colours: 'dark' },
  { width: 1280, colours: 'light' },
  { width: 1280, colours: 'dark' },
]

/**
 * The least contrast that a text has with what lies behind it, as WCAG counts it, and its beginning. Behind a text is
 * the first background of its elements that is not transparent.
 */
const leastContrast = `(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number)
  const linear = value => value <= 0.04045 * 255 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  const behind = element => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour[3] === undefined || colour[3] === 1) return colour
    }
    return channels(matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)')
  }
  let least = { ratio: 21, text: '' }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim()
    const element = walker.currentNode.parentElement
    if (text === '' || element.closest('svg') !== null || element.getClientRects().length === 0) continue
    const lights = [channels(getComputedStyle(element).color), behind(element)].map(luminance).sort((a, b) => b - a)
    const ratio = (lights[0] + 0.05) / (lights[1] + 0.05)
    if (ratio < least.ratio) least = { ratio, text: text.slice(0, 40) }
  }
  return least
})()`

describe.each(looks)('the report in Chromium, $width pixels wide, $colours', look => {
  test('asks for nothing but itself, runs nothing, and has nothing to complain of', async () => {
    const { requests, complaints } = await page.open(pathToFileURL(file).href, look)
    expect(requests).toEqual([pathToFileURL(file).href])
    expect(complaints).toEqual([])
    expect(await page.evaluate('window.ran === undefined')).toBe(true)
    expect(await page.evaluate('document.scripts.length + document.images.length')).toBe(0)
    expect(await page.evaluate('document.body.innerText')).toContain('<script>window.ran = true</script>')
  })

  test('is as wide as the screen, and can be read', async () => {
    await page.open(pathToFileURL(file).href, look)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width)
    expect(
      await page.evaluate('parseFloat(getComputedStyle(document.body).fontSize)'),
    ).toBeGreaterThanOrEqual(14)
    // What WCAG asks of ordinary text.
    expect(await page.evaluate<{ ratio: number }>(leastContrast)).toMatchObject({
      ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5),
    })
    const folderOfPictures = process.env['SAFE_COMPOSE_TEST_PICTURES']
    if (folderOfPictures !== undefined)
      writeFileSync(
        join(folderOfPictures, `report-${look.width}-${look.colours}.png`),
        await page.screenshot(),
      )
  })
})
