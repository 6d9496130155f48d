import { chmod, link, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { openComposeFiles } from '../../src/adapters/configuration/compose-files.ts'
import { readText } from '../../src/adapters/host/files.ts'
import type { Context } from '../../src/commands/context.ts'
import { pinVolume } from '../../src/commands/pin.ts'
import { readModel } from '../../src/core/model.ts'
import type { Stop } from '../../src/model/failure.ts'
import type { ModelAnswer } from '../../src/model/ports.ts'
import { aProject, typed } from '../fakes/facts.ts'
import { aWorld } from '../fakes/world.ts'

interface Words {
  readonly text: string
  readonly answer?: boolean
  /** What Compose makes of the file's text; as it stands, unless told otherwise. */
  readonly reads?: (config: Record<string, unknown>, text: string) => unknown
}

interface Place {
  readonly directory: string
  readonly file: string
  readonly context: Context
  readonly pin: (volume: string) => Promise<boolean>
}

const text = 'name: shop\nservices:\n  db: { image: postgres:15 }\nvolumes:\n  pgdata: # here\n'

/** A Compose file, a person at the terminal, and a Compose that reads the file as it stands. */
async function place({ text: written, answer = true, reads }: Words): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'safe-compose-pin-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'compose.yaml')
  await writeFile(file, written)
  const world = aWorld({ facts: aProject(), answers: [] })
  const model = async (): Promise<ModelAnswer> => {
    const now = await readFile(file, 'utf8')
    const config = reads?.(parse(now) as Record<string, unknown>, now) ?? (parse(now) as unknown)
    if (config === 'broken') return { ok: false, error: 'it is broken', code: 1 }
    const raw = JSON.stringify(config)
    return { ok: true, model: readModel(config, each => each), directory, warnings: '', raw }
  }
  const context: Context = {
    ...world.context,
    directory,
    files: { ...world.context.files, readText },
    composeFiles: openComposeFiles(join(directory, 'state'), () => new Date('2026-11-23T20:15:00Z')),
    compose: { ...world.context.compose, model },
    prompt: { ask: async () => 'stop', confirm: async () => answer, choose: async () => null },
  }
  const pin = (volume: string): Promise<boolean> =>
    pinVolume(context, typed('up -d'), { key: 'pgdata', volume })
  return { directory, file, context, pin }
}

async function failureOf(work: Promise<unknown>): Promise<Stop['failure'] | null> {
  return work.then(
    () => null,
    (error: unknown) => (error as Stop).failure,
  )
}

test('the remedy of the incident: the key means the volume with the data again; a copy is kept', async () => {
  const { file, directory, pin } = await place({ text })
  expect(await pin('old_pgdata')).toBe(true)
  expect(await readFile(file, 'utf8')).toBe(`${text}    name: old_pgdata\n`)
  const [copy = ''] = await readdir(join(directory, 'state'))
  expect(copy).toMatch(/^20261123T201500Z-[0-9a-f]{4}-compose\.yaml$/)
  expect(await readFile(join(directory, 'state', copy), 'utf8')).toBe(text)
  expect((await stat(join(directory, 'state', copy))).mode & 0o777).toBe(0o600)
})

test('a no changes nothing', async () => {
  const { file, directory, pin } = await place({ text, answer: false })
  expect(await pin('old_pgdata')).toBe(false)
  expect(await readFile(file, 'utf8')).toBe(text)
  expect(await readdir(directory)).toEqual(['compose.yaml'])
})

test('a script is told to say --yes', async () => {
  const { file, context } = await place({ text })
  const asked = pinVolume({ ...context, prompt: null }, typed('up -d'), { key: 'pgdata', volume: 'old' })
  expect(await failureOf(asked)).toMatchObject({ reason: 'bad-usage', how: expect.stringContaining('--yes') })
  expect(await readFile(file, 'utf8')).toBe(text)
})

test.each<[string, Words['reads']]>([
  ['reads more than a name otherwise', (config, now) => ({ ...config, extra: now.includes('old_pgdata') })],
  ['does not see the name', config => ({ ...config, volumes: { pgdata: { name: 'shop_pgdata' } } })],
  ['cannot read it any more', (config, now) => (now.includes('old_pgdata') ? 'broken' : config)],
])('if Compose %s, the file is put back', async (_, reads) => {
  const { file, pin } = await place({ text, ...(reads === undefined ? {} : { reads }) })
  expect(await failureOf(pin('old_pgdata'))).toMatchObject({ reason: 'not-possible' })
  expect(await readFile(file, 'utf8')).toBe(text)
})

test('a file that somebody changed while the question stood is not overwritten', async () => {
  const { file, context } = await place({ text })
  const prompt = {
    ask: async () => 'stop' as const,
    confirm: async () => {
      await writeFile(file, `${text}# mine\n`)
      return true
    },
    choose: async () => null,
  }
  const asked = pinVolume({ ...context, prompt }, typed('up -d'), { key: 'pgdata', volume: 'old' })
  expect(await failureOf(asked)).toMatchObject({ reason: 'not-possible' })
  expect(await readFile(file, 'utf8')).toBe(`${text}# mine\n`)
})

test('mode and symbolic link stay; of a file with two names both change', async () => {
  const { file, directory, pin } = await place({ text })
  const real = join(directory, 'real.yaml')
  await writeFile(real, text)
  await chmod(real, 0o604)
  await rm(file)
  await symlink('real.yaml', file)
  expect(await pin('one')).toBe(true)
  expect((await stat(real)).mode & 0o777).toBe(0o604)
  expect(await readFile(real, 'utf8')).toContain('name: one')
  await link(real, join(directory, 'twin.yaml'))
  expect(await pin('two')).toBe(true)
  expect(await readFile(join(directory, 'twin.yaml'), 'utf8')).toContain('name: two')
  expect((await readdir(directory)).toSorted()).toEqual(['compose.yaml', 'real.yaml', 'state', 'twin.yaml'])
})

test('what is not UTF-8 is left alone', async () => {
  const { file, pin } = await place({ text })
  const bytes = Buffer.from('name: shop\nvolumes:\n  pgdata: # caf\xe9\n', 'latin1')
  await writeFile(file, bytes)
  expect(await failureOf(pin('old'))).toMatchObject({ reason: 'not-possible' })
  expect((await readFile(file)).equals(bytes)).toBe(true)
})

test('a key that may be declared where nobody can look is not declared a second time', async () => {
  const { file, pin } = await place({ text: 'name: shop\ninclude:\n  - ${PART}/part.yaml\nservices: {}\n' })
  expect(await failureOf(pin('old'))).toMatchObject({
    reason: 'not-possible',
    what: expect.stringContaining('${PART}/part.yaml'),
  })
  expect(await readFile(file, 'utf8')).not.toContain('pgdata')
})
