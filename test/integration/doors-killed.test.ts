import type * as promises from 'node:fs/promises'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DoorTools } from '../../src/commands/door-tools.ts'
import { install } from '../../src/commands/install.ts'
import { uninstall } from '../../src/commands/uninstall.ts'
import { doorToolsIn } from '../fakes/door-tools.ts'
import { everythingIn } from '../fakes/home.ts'

// A stand-in, because the real thing cannot be had here: a kill between any two changes, at each of them in turn, is a
// thousand starts of Node. The files and the code are real; only the moment is made. Processes that are really killed, at
// two dozen moments, are in doors.test.ts.

/** How many changes are left to this run. At 0 it is dead: whatever it tries to change then fails, and stays as it is. */
const life = vi.hoisted(() => ({ left: Infinity }))

/** The real ones, as long as the run lives. A file that is being written when it dies has half of its text. */
vi.mock('node:fs/promises', async importOriginal => {
  const real = await importOriginal<typeof promises>()
  const spend = (): void => {
    if (life.left === 0) throw new Error('dead')
    life.left--
  }
  type Any = (...words: readonly unknown[]) => unknown
  const mortal = (work: unknown): Any => {
    return async (...words) => {
      spend()
      return (work as Any)(...words)
    }
  }
  const { chmod, chown, link, mkdir, open, rename, rm, rmdir } = real
  const changing = { chmod, chown, link, mkdir, open, rename, rm, rmdir }
  const mortals = Object.fromEntries(Object.entries(changing).map(([name, work]) => [name, mortal(work)]))
  return {
    ...real,
    ...mortals,
    writeFile: async (path: string, text: Buffer, options: object) => {
      spend()
      await real.writeFile(path, text.subarray(0, text.length / 2), options)
      spend()
      await real.writeFile(path, text)
    },
  }
})

const plugin = '.docker/cli-plugins/docker-compose'
const real = '#!/bin/sh\necho real\n'

let home: string

beforeEach(() => {
  onTestFinished(() => {
    life.left = Infinity
  })
})

/** A home with what users have in it. */
function aHome(content: Readonly<Record<string, string>>): void {
  const made = mkdtempSync(join(tmpdir(), 'safe-compose-killed-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  home = made
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text, { mode: 0o755 })
  }
}

/** Runs one that dies after so many changes; whether it did. */
async function dies(after: number, run: (tools: DoorTools) => Promise<number>, more = {}): Promise<boolean> {
  life.left = after
  const ended = await run(doorToolsIn(home, more).tools).catch(() => null)
  const died = ended === null || life.left === 0
  life.left = Infinity
  return died
}

/** A whole run; what it said. */
async function whole(run: (tools: DoorTools) => Promise<number>, more = {}): Promise<string> {
  const { tools, printed } = doorToolsIn(home, more)
  expect(await run(tools)).toBe(0)
  return printed.join('')
}

const cases = [
  { words: ['plugin'], content: { [plugin]: real } },
  { words: ['plugin'], content: {} },
  { words: ['alias'], content: { '.bashrc': 'set -o vi' } },
  { words: ['alias'], content: { '.bashrc': '', '.local/share/x': '' } },
  { words: ['alias', '--shell', 'fish'], content: {} },
  { words: ['path'], content: {} },
  { words: ['path', 'my/shims'], content: { '.local/state/x': '' } },
  { words: ['agent', 'claude'], content: { '.claude/settings.json': '{}' } },
  { words: ['agent', 'cline'], content: {} },
]
const mostMoments = 60

describe.each(cases)('$words in a home with $content', ({ words, content }) => {
  test('an install that is killed at any moment is taken back without a trace', async () => {
    let moment = 0
    for (let died = true; died && moment < mostMoments; moment++) {
      aHome(content)
      const before = everythingIn(home)
      died = await dies(moment, tools => install(words, tools))
      if (content[plugin] !== undefined)
        expect(readFileSync(join(home, plugin), 'utf8')).toMatch(/^#!\/bin\/sh\n(echo real|# safe-compose)/)
      const said = await whole(tools => uninstall([], tools))
      expect(everythingIn(home), `after ${moment} changes`).toEqual(before)
      expect(said).not.toContain('was changed since')
    }
    expect(moment).toBeGreaterThan(6)
    expect(moment).toBeLessThan(mostMoments)
  })

  test('an uninstall that is killed at any moment is ended by the next one', async () => {
    let moment = 0
    for (let died = true; died && moment < mostMoments; moment++) {
      aHome(content)
      const before = everythingIn(home)
      await whole(tools => install(words, tools))
      died = await dies(moment, tools => uninstall([], tools))
      await whole(tools => uninstall([], tools))
      expect(everythingIn(home), `after ${moment} changes`).toEqual(before)
    }
    expect(moment).toBeGreaterThan(3)
    expect(moment).toBeLessThan(mostMoments)
  })

  test('a newer one that is killed when it takes the place of an older is taken back without a trace', async () => {
    const { start } = doorToolsIn('/').tools
    const older = { version: '1.0.0', start: { ...start, node: '/opt/node' } }
    for (let moment = 0, died = true; died && moment < mostMoments; moment++) {
      aHome(content)
      const before = everythingIn(home)
      await whole(tools => install(words, tools), older)
      died = await dies(moment, tools => install(words, tools))
      const said = await whole(tools => uninstall([], tools))
      expect(everythingIn(home), `after ${moment} changes`).toEqual(before)
      expect(said).not.toContain('was changed since')
    }
  })
})

test('everything installed, and killed in between, leaves no folder that one made and another filled', async () => {
  aHome({})
  const before = everythingIn(home)
  for (const { words } of cases) await whole(tools => install(words, tools))
  expect(await dies(9, tools => uninstall(['agent'], tools))).toBe(true)
  await whole(tools => uninstall([], tools))
  expect(everythingIn(home)).toEqual(before)
})

test('a start-up file that is a link has no leftovers beside its target', async () => {
  aHome({ 'dotfiles/bashrc': 'x\n' })
  symlinkSync('dotfiles/bashrc', join(home, '.bashrc'))
  const before = everythingIn(home)
  let died = true
  for (let moment = 0; died && moment < mostMoments; moment++) {
    died = await dies(moment, tools => install(['alias'], tools))
    await whole(tools => uninstall(['alias'], tools))
    expect(everythingIn(home), `after ${moment} changes`).toEqual(before)
  }
})
