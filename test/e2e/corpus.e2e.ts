import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { subjects } from '../corpus/shapes.ts'
import type { Subject } from '../corpus/shapes.ts'
import { childVariables, composeHas, executable, runProgram, scenario } from './scenario.ts'
import type { Ended } from './scenario.ts'

/**
 * Compose files as public projects have them, and a plain first `up -d` of each: nothing may be said about it that is
 * more than a warning. The strictest asks, a coding agent: whoever else does is told no more.
 */
const corpus = fileURLToPath(new URL('../corpus', import.meta.url))
const agent = { CLAUDECODE: '1' }

// ---- The list ----------------------------------------------------------------------------------------------------

test('the list: every folder has its shape, which no other one has', async () => {
  const titles = subjects.map(({ folder, project, shape }) => `  ${folder}  ${project}: ${shape}`)
  const counts = {
    files: subjects.length,
    projects: new Set(subjects.map(({ project }) => project)).size,
    shapes: new Set(subjects.map(({ shape }) => shape)).size,
  }
  process.stdout.write(
    `${titles.join('\n')}\n${counts.files} Compose files of ${counts.projects} projects, ${counts.shapes} shapes\n`,
  )
  // What was promised; fewer would say less than it seems to.
  expect(counts.files).toBeGreaterThanOrEqual(60)
  expect(counts.projects).toBeGreaterThanOrEqual(60)
  expect(counts.shapes, 'each shape is the subject of one file').toBe(counts.files)
  const entries = await readdir(corpus, { withFileTypes: true })
  const folders = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
  expect(subjects.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted())
})

test.each(subjects)('$folder is about: $shape', async ({ folder, mark }) => {
  const paths = await readdir(join(corpus, folder), { recursive: true })
  const files = paths.filter(path => /\.ya?ml$|(^|\/)\.env$/.test(path)).toSorted()
  const texts = await Promise.all(files.map(path => readFile(join(corpus, folder, path), 'utf8')))
  expect(texts.join('\n')).toMatch(mark)
})

// ---- Judged, and not run -----------------------------------------------------------------------------------------

/** What `plan --json` says, as far as it matters here. */
interface Planned {
  readonly failure: string | null
  readonly containers: readonly { readonly action: string; readonly service: string | null }[]
  readonly volumes: readonly { readonly action: string }[]
  readonly findings: readonly {
    readonly rule: string
    readonly warning: boolean
    readonly because: string
    readonly backUp: boolean
  }[]
  readonly verdict: string
  readonly steps: readonly { readonly type: string }[]
}

describe('a plain first `up -d` of a project whose images are not here yet', () => {
  /** Each by its folder. All are judged before the tests look: two at a time, which one test after another are not. */
  const answers = new Map<string, Ended>()
  let home = ''

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'safe-compose-corpus-'))
    const waiting = subjects.filter(({ since }) => composeHas(since))
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        answers.set(next.folder, await judge(next))
    }
    await Promise.all([work(), work()])
    // Version 1 takes seconds for each file.
  }, 1_800_000)

  afterAll(() => rm(home, { recursive: true, force: true }))

  async function judge({ folder, files = [] }: Subject): Promise<Ended> {
    const directory = join(home, folder)
    await cp(join(corpus, folder), directory, { recursive: true })
    // Below a home of its own, `~` and $HOME are places where nothing is.
    const own = join(home, 'home', folder)
    await mkdir(own, { recursive: true })
    const variables = childVariables({
      ...agent,
      HOME: own,
      XDG_STATE_HOME: join(own, 'state'),
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_CONFIG_HOME: join(own, 'config'),
      SAFE_COMPOSE_STORE: join(own, 'store'),
    })
    const words = [...files.flatMap(file => ['-f', file]), 'plan', '--json', '--exit-code', 'up', '-d']
    return runProgram(process.execPath, [executable, ...words], { directory, variables })
  }

  for (const subject of subjects)
    test.skipIf(!composeHas(subject.since))(`${subject.folder}: ${subject.shape}`, async () => {
      const { code, stdout, stderr } = answers.get(subject.folder) ?? (await judge(subject))
      const said = `${stdout}${stderr}`
      expect(stdout, said).toMatch(/^\{/)
      const planned = JSON.parse(stdout) as Planned
      const grave = planned.findings.filter(({ warning, backUp }) => !warning || backUp)
      expect(grave.map(({ rule, because }) => `${rule}: ${because}`)).toEqual([])
      expect(['pass', 'warn'], said).toContain(planned.verdict)
      expect(planned.steps.map(({ type }) => type)).toEqual(['compose'])

      // It must have looked, or it was quiet for nothing.
      if (subject.lacks === undefined) {
        expect(planned.failure, said).toBeNull()
        expect(code, said).toBe(2)
        const coming = new Set(planned.containers.map(({ service }) => service))
        expect((await servicesOf(subject)).filter(service => !coming.has(service))).toEqual([])
        expect(planned.containers.every(({ action }) => action === 'create')).toBe(true)
        expect(planned.volumes.every(({ action }) => action === 'create')).toBe(true)
      } else {
        expect(planned.failure, said).toMatch(subject.lacks)
        expect(code, said).toBe(1)
      }
    })
})

/** What the main file itself says that a plain `up` starts. */
async function servicesOf({ folder, files }: Subject): Promise<readonly string[]> {
  const usual = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
  const there = await readdir(join(corpus, folder))
  const file = files?.[0] ?? usual.find(name => there.includes(name)) ?? ''
  const { services } = parse(await readFile(join(corpus, folder, file), 'utf8')) as {
    readonly services: Readonly<Record<string, { readonly profiles?: unknown }>>
  }
  const names = Object.keys(services).filter(name => services[name]?.profiles === undefined)
  expect(names.length, `${file} has services`).toBeGreaterThan(0)
  return names
}

// ---- Run ---------------------------------------------------------------------------------------------------------

/** What would be said, done or refused beyond a warning; `found` is looked at by itself. */
const loud = new Set(['refused', 'saved', 'backup-spared', 'stopped', 'alarm', 'failed'])

describe('really: up, up again, restart', () => {
  for (const { folder, shape, fill } of subjects.filter(({ runs }) => runs === true))
    test(`${folder}: ${shape}`, async () => {
      const project = await scenario(await readFile(join(corpus, folder, 'compose.yaml'), 'utf8'))
      await cp(join(corpus, folder), project.directory, { recursive: true })
      for (const [index, line] of ['up -d', 'up -d', 'restart'].entries()) {
        const ran = await project.safe(['--safe-json', ...line.split(' ')], { variables: agent })
        expect(ran.code, `${line}: ${ran.stderr}`).toBe(0)
        const events = ran.stderr
          .split('\n')
          .filter(each => each.startsWith('{'))
          .map(each => JSON.parse(each) as Said)
        expect(events.map(({ type }) => type)).toContain('compose-starts')
        expect(
          events.filter(({ type }) => loud.has(type)),
          line,
        ).toEqual([])
        const stakes = events.flatMap(({ decision }) => decision?.stakes ?? [])
        const grave = stakes.map(({ stake }) => stake.finding).filter(({ warning }) => warning !== true)
        expect(grave, line).toEqual([])
        if (index === 0 && fill !== undefined) await project.inside(...fill)
      }
      expect(await project.containers()).not.toEqual([])
    })
})

/** An event of `--safe-json`, as far as it matters here. */
interface Said {
  readonly type: string
  readonly decision?: {
    readonly stakes: readonly {
      readonly stake: { readonly finding: { readonly rule: string; readonly warning?: boolean } }
    }[]
  }
}
