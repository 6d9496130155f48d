import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { writeReport } from '../../src/adapters/state/report-file.ts'
import type { Context } from '../../src/commands/context.ts'
import { report } from '../../src/commands/report.ts'
import type { ReportOptions } from '../../src/commands/report.ts'
import type { Report } from '../../src/core/report.ts'
import { Stop } from '../../src/model/failure.ts'
import { reportHtml, reportMark } from '../../src/ui/report-html.ts'
import { reportText } from '../../src/ui/report-text.ts'
import { aContainer, aProject, aService, aVolume, anImage, typed } from '../fakes/facts.ts'
import { aRestorePoint } from '../fakes/question.ts'
import { anEntry } from '../fakes/report.ts'
import { aWorld } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

const data = '/var/lib/postgresql/data'
const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: null } as const
const blogVolume = aVolume('blog_data', { labels: { 'com.docker.compose.project': 'blog' } })
const shop = aProject({
  services: [
    aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] }),
    aService('web', { mounts: ['uploads:/up'] }),
  ],
  containers: [
    aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] }),
    aContainer('web', { mounts: ['shop_uploads:/up'] }),
  ],
  volumes: [aVolume('shop_pgdata'), aVolume('shop_uploads'), blogVolume, aVolume('stray', { labels: {} })],
  images: [anImage('postgres:15')],
})

function shopWorld(words: Partial<WorldWords> = {}): World {
  const world = aWorld({ facts: shop, contents: { shop_pgdata: { database } }, ...words })
  world.points.push(aRestorePoint({ finishedAt: '2026-11-23T18:00:00.000Z' }))
  world.entries.push(anEntry())
  return world
}

async function asked(
  world: World,
  options: Partial<ReportOptions> = {},
  change: Partial<Context> = {},
): Promise<{ readonly code: number; readonly told: Report }> {
  let printed = ''
  const context = { ...world.context, print: (text: string) => void (printed += text), ...change }
  const pages = { text: reportText, html: reportHtml, write: async () => {} }
  const code = await report(context, typed('ps'), { all: false, html: null, json: true, ...options }, pages)
  return { code, told: JSON.parse(printed) as Report }
}

const unreachable = async (): Promise<never> => {
  throw new Stop({ reason: 'engine-unreachable', host: 'unix:///x', why: 'nobody answers' })
}

describe('what is told', () => {
  test('of a project, and nothing is done to it', async () => {
    const world = shopWorld()
    const { code, told } = await asked(world)
    expect(code).toBe(0)
    expect(told).toMatchObject({
      store: '/store',
      engine: { version: '28.5.2', host: 'unix:///var/run/docker.sock' },
      unseen: [],
      verdict: { sentence: '1 of 2 volumes protected' },
      projects: [
        {
          name: 'shop',
          directory: '/srv/shop',
          holdings: [
            { name: 'shop_uploads', usedBy: ['web'], unprotected: 'in no good restore point' },
            { name: 'shop_pgdata', usedBy: ['db'], what: 'PostgreSQL 15', unprotected: null },
          ],
          gone: [{ name: 'shop_redis' }],
          commands: [{ argv: ['down', '-v'] }],
        },
      ],
    })
    // What doctor says as well.
    expect(told.projects[0]?.mends.map(({ command }) => command)).toContain('safe-compose pin')
    expect(world.log).toEqual([])
  })

  test('of every project of the engine and of the store', async () => {
    const world = shopWorld()
    const { manifest } = aRestorePoint()
    world.points.push(aRestorePoint({ engine: { ...manifest.engine, id: 'engine-2' } }))
    const { told } = await asked(world, { all: true })
    expect(told.projects.map(({ name, engine }) => `${name} on ${engine}`)).toEqual([
      'blog on engine-1',
      'shop on engine-1',
      'shop on engine-2',
    ])
    expect(told.unseen).toEqual([
      'Not looked at: 1 volume of no project (stray)',
      'On another engine, of which the store alone tells: shop',
    ])
    expect(told.verdict.sentence).toBe('1 of 3 volumes protected')
    expect(told.projects[0]?.mends[0]?.command).toBe('safe-compose -p blog backup')
    expect(told.projects[2]?.mends.map(({ command }) => command)).toEqual([null])
    expect(world.log).toEqual([])
  })

  test('what is disposable, once the user has seen that it is said to be', async () => {
    const label = { 'safe-compose.backup': 'false' }
    const volumes = [aVolume('shop_pgdata'), aVolume('shop_uploads', { labels: label })]
    const sentence = async (seen: readonly string[] | null): Promise<string> =>
      (await asked(shopWorld({ facts: { ...shop, volumes }, policy: { disposable: seen } }))).told.verdict
        .sentence
    expect(await sentence(null)).toBe('1 of 2 volumes protected')
    expect(await sentence(['volume shop_uploads'])).toBe('1 of 1 volume protected')
  })

  test('the store alone where the engine does not answer', async () => {
    const { told } = await asked(shopWorld(), {}, { openEngine: unreachable })
    expect(told).toMatchObject({
      engine: null,
      unseen: ['The engine at unix:///x could not be seen: nobody answers'],
      verdict: { sentence: '2 of 2 volumes protected, by the store alone' },
      projects: [{ name: 'shop', commands: [{ argv: ['down', '-v'] }] }],
    })
  })

  test('everything where there is no project, with why', async () => {
    const facts = { ...shop, model: null, modelError: 'no configuration file provided', containers: [] }
    const world = shopWorld({ facts })
    const files = { ...world.context.files, readText: async () => null }
    const { told } = await asked(world, {}, { files })
    expect(told.unseen[0]).toBe(
      'No project could be seen: there is no project here: no configuration file provided',
    )
    expect(told.projects.map(({ name }) => name)).toEqual(['blog', 'shop'])
    expect(told.verdict.sentence).toBe('1 of 3 volumes protected')
  })

  test('a file that cannot be read is said, and its containers tell', async () => {
    const { told } = await asked(shopWorld({ facts: { ...shop, model: null, modelError: 'line 3: odd' } }))
    expect(told.unseen).toEqual(['What the Compose file says could not be read: line 3: odd'])
    expect(told.verdict.sentence).toBe('1 of 2 volumes protected')
  })

  test('a failure that is nobody’s business to hide ends it', async () => {
    const openStore = async (): Promise<never> => {
      throw new Stop({ reason: 'store-unusable', path: '/store', why: 'gone', how: '' })
    }
    await expect(asked(shopWorld(), {}, { openStore })).rejects.toThrow('store-unusable')
  })
})

describe('the file', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safe-compose-report-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
  })
  const page = `<!DOCTYPE html>\n${reportMark}\n`
  const failureOf = async (path: string): Promise<string> =>
    writeReport(path, page, reportMark).then(
      () => 'written',
      (error: unknown) =>
        error instanceof Stop && error.failure.reason === 'not-possible' ? error.failure.what : String(error),
    )

  test('is for its owner alone, and takes the place of an earlier one or of an empty file', async () => {
    const path = join(folder, 'report.html')
    for (const before of [null, '', page.replace('html', 'html ')]) {
      await rm(path, { force: true })
      if (before !== null) await writeFile(path, before, { mode: 0o644 })
      expect(await failureOf(path)).toBe('written')
      expect(await readFile(path, 'utf8')).toBe(page)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
    expect(await readdir(folder)).toEqual(['report.html'])
  })

  test('never takes the place of anything else', async () => {
    const path = (name: string): string => join(folder, name)
    await writeFile(path('compose.yaml'), `services: {}\n${' '.repeat(2000)}# ${reportMark}\n`)
    await mkdir(path('folder'))
    await symlink('folder', path('link'))
    await symlink('/dev/null', path('null'))
    const why = (name: string, words: string): string =>
      `the report cannot be written to ${path(name)}: ${words}`
    const other = why('compose.yaml', 'it is there already, and is no report')
    expect(await failureOf(path('compose.yaml'))).toBe(other)
    expect(await failureOf(path('folder'))).toBe(why('folder', 'it is a directory'))
    expect(await failureOf(path('link'))).toBe(why('link', 'it is no plain file'))
    expect(await failureOf(path('null'))).toBe(why('null', 'it is no plain file'))
    expect(await failureOf(path('no/x'))).toBe(why('no/x', `there is no directory ${path('no')}`))
    expect(await failureOf(path('x'.repeat(256)))).toMatch(/its name is too long$/)
    expect(await readdir(path('folder'))).toEqual([])
    expect((await readFile(path('compose.yaml'), 'utf8')).startsWith('services')).toBe(true)
  })

  test('in a folder where nothing may be written it says so', async () => {
    if (process.getuid?.() === 0) return
    await chmod(folder, 0o500)
    expect(await failureOf(join(folder, 'r.html'))).toMatch(/permission denied$/)
  })
})
