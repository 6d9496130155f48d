import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { whyNotForAll } from '../../src/adapters/doors/for-all.ts'
import { ownFiles } from '../../src/adapters/doors/own-start.ts'
import { install } from '../../src/commands/install.ts'
import { Stop } from '../../src/model/failure.ts'
import { doorToolsIn } from '../fakes/door-tools.ts'

let place: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'safe-compose-all-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  chmodSync(place, 0o755)
})

function aFolder(name: string, mode = 0o755): string {
  const path = join(place, name)
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

function aFile(folder: string, mode = 0o755): string {
  const path = join(folder, 'program')
  writeFileSync(path, '')
  chmodSync(path, mode)
  return path
}

describe('what every user and root may run', () => {
  test('belongs to root, is for root alone to change, and can be reached', async () => {
    const folder = aFolder('a')
    const file = aFile(folder)
    expect(await whyNotForAll(file)).toBeNull()
    const cases: readonly (readonly [number, string])[] = [
      [0o777, `everybody can change ${folder}`],
      [0o700, `only some can reach ${folder}`],
      [0o1777, ''],
    ]
    for (const [mode, why] of cases) {
      chmodSync(folder, mode)
      expect((await whyNotForAll(file)) ?? '').toBe(why)
    }
    expect(await whyNotForAll(join(folder, 'none'))).toBe(`${join(folder, 'none')} is not there`)
  })

  test('is in the hands of no group but root’s', async () => {
    const folder = aFolder('a', 0o775)
    expect(await whyNotForAll(folder)).toBeNull()
    chownSync(folder, 0, 50)
    expect(await whyNotForAll(aFile(folder))).toBe(`a group can change ${folder}`)
  })

  test('is so on both sides of a link', async () => {
    const target = aFile(aFolder('target', 0o777))
    const link = join(aFolder('links'), 'program')
    symlinkSync('../target/program', link)
    expect(await whyNotForAll(link)).toBe(`everybody can change ${join(place, 'target')}`)
    chmodSync(join(place, 'target'), 0o755)
    expect(await whyNotForAll(link)).toBeNull()
    chownSync(target, 1000, 0)
    expect(await whyNotForAll(link)).toBe(`${target} does not belong to root`)
    symlinkSync('round', join(place, 'round'))
    expect(await whyNotForAll(join(place, 'round'))).toMatch(/leads round$/)
  })

  test('is all of what is started: the bundle too', () => {
    const { start } = doorToolsIn(place).tools
    const files = ownFiles(start, join(start.program, '../..'))
    for (const end of ['bin/safe-compose.js', 'bin/safe-docker.js', 'dist/app.cjs', 'dist/hook.cjs'])
      expect(
        files.some(file => file.endsWith(end)),
        end,
      ).toBe(true)
    expect(files).toContain(start.node)
  })
})

describe('what is placed for every user', () => {
  const failure = async (
    words: readonly string[],
    changes: Parameters<typeof doorToolsIn>[1],
  ): Promise<unknown> => {
    try {
      return await install(words, doorToolsIn(join(place, 'home'), changes).tools)
    } catch (error) {
      return error instanceof Stop ? error.failure : error
    }
  }

  test('lies in folders that everybody can read, whatever new files are for', async () => {
    const mask = process.umask(0o077)
    onTestFinished(() => void process.umask(mask))
    const shims = join(place, 'opt/shims')
    expect(await failure(['path', shims], { isForAll: () => true })).toBe(0)
    for (const path of [join(place, 'opt'), shims, join(shims, 'docker')])
      expect(statSync(path).mode & 0o777, path).toBe(0o755)
    expect(await failure(['path', join(place, 'own/shims')], { isForAll: () => false })).toBe(0)
    expect(statSync(join(place, 'own/shims')).mode & 0o777).toBe(0o700)
  })

  test('is not placed where somebody else could change it, or nobody reach it', async () => {
    const theirs = aFolder('theirs')
    chownSync(theirs, 1000, 1000)
    expect(await failure(['path', join(theirs, 'shims')], { isForAll: () => true })).toMatchObject({
      what: `${join(theirs, 'shims')} is no place for what every user and root run: ${theirs} does not belong to root`,
    })
    const system = join(place, 'home/system')
    mkdirSync(system, { recursive: true })
    chmodSync(system, 0o700)
    expect(await failure(['plugin', '--system'], {})).toMatchObject({
      what: expect.stringContaining(`only some can reach ${system}`) as string,
    })
    const changeable = aFile(aFolder('bundle'), 0o666)
    expect(await failure(['plugin', '--system'], { ownFiles: () => [changeable] })).toMatchObject({
      what: `${changeable} is nothing that every user and root should run: everybody can change ${changeable}`,
    })
  })
})

test('what root remembers in the home of another is that one’s', async () => {
  const home = aFolder('home')
  chownSync(home, 1000, 1000)
  const { tools } = doorToolsIn(home)
  for (const words of [['path'], ['plugin']]) expect(await install(words, tools)).toBe(0)
  for (const path of ['.local', '.local/state/safe-compose', '.local/state/safe-compose/doors.json'])
    expect(statSync(join(home, path)).uid, path).toBe(1000)
})

describe('a single executable', () => {
  test('guards docker only where a link of that name leads to it', async () => {
    const single = aFile(aFolder('a'))
    const link = join(place, 'a/safe-docker')
    const start = { node: single, program: single, dockerProgram: link }
    const { tools } = doorToolsIn(join(place, 'home'), { start })
    for (const words of [['path'], ['alias', '--docker']])
      await expect(install(words, tools)).rejects.toMatchObject({
        failure: { how: `ln -s program ${link}; then run the command again` },
      })
    symlinkSync('/bin/sh', link)
    await expect(install(['path'], tools)).rejects.toBeInstanceOf(Stop)
    rmSync(link)
    symlinkSync('program', link)
    expect(await install(['path'], tools)).toBe(0)
    expect(await install(['alias'], tools)).toBe(0)
  })
})
