import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { fileURLToPath } from 'node:url'
import { spawn } from '@lydell/node-pty'
import { describe, expect, onTestFinished, test } from 'vitest'

const program = fileURLToPath(new URL('../fakes/prompt-program.ts', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

const enter = '\r'
const down = '\u001B[B'
const up = '\u001B[A'

interface Screen {
  readonly raw: () => string
  readonly text: () => string
  readonly sees: (text: string) => Promise<void>
  readonly types: (keys: string) => void
  readonly hangUp: () => void
  readonly ended: Promise<number>
}

function ask(...words: readonly string[]): Screen {
  const { NODE_OPTIONS: _, NO_COLOR: __, ...variables } = process.env
  const pty = spawn(process.execPath, ['--import', 'tsx', program, ...words], {
    cols: 120,
    rows: 40,
    cwd: root,
    env: { ...variables, TERM: 'xterm-256color' },
  })
  let printed = ''
  pty.onData(text => {
    printed += text
  })
  const ended = new Promise<number>(resolve => {
    pty.onExit(({ exitCode }) => resolve(exitCode))
  })
  onTestFinished(() => {
    try {
      pty.kill('SIGKILL')
    } catch {
      // It has ended already.
    }
  })
  const text = (): string => stripVTControlCharacters(printed)
  return {
    raw: () => printed,
    text,
    sees: async wanted => {
      await expect.poll(text, { timeout: 20_000 }).toContain(wanted)
    },
    types: keys => pty.write(keys),
    hangUp: () => (pty as unknown as { destroy: () => void }).destroy(),
    ended,
  }
}

describe('the question before an application starts on other data', () => {
  test('offers the old data first, and says plainly what going on means', async () => {
    const screen = ask('elsewhere')
    await screen.sees('Stop, do nothing')
    expect(screen.text().replaceAll('\r\n', '\n')).toContain(
      [
        '? What now?',
        '❯ Use the old data: write `name: shop_pgdata` into the Compose file (shows the change first)',
        '  Use the old data this time only: run as -p shop',
        '  Really start empty',
        '  Stop, do nothing',
      ].join('\n'),
    )
    screen.types(down)
    screen.types(enter)
    await screen.sees('answer: {"remedy":{"kind":"run","argv":["compose","-p","shop","up","-d"]')
    expect(await screen.ended).toBe(0)
  })
})

describe('the question before data goes', () => {
  test('offers the four ways, the safe one first', async () => {
    const screen = ask()
    await screen.sees('Stop, do nothing')
    expect(screen.text().replaceAll('\r\n', '\n')).toContain(
      [
        '? What now?',
        '❯ Back up, then delete          (about 10 s; undo later with: safe-compose undo)',
        '  Always back up and go on in this project',
        '  Keep the data: run `docker compose down` instead',
        '  Stop, do nothing',
      ].join('\n'),
    )
    expect(screen.raw()).not.toContain('\u001B[36m')
    screen.types(enter)
    await screen.sees('answer: back-up-and-go-on')
    await screen.ended
  })

  test.each([
    [down + enter, 'always-in-this-project'],
    [down + down + enter, 'keep-the-data'],
    [up + enter, 'stop'],
  ])('the arrows choose another (%j)', async (keys, answer) => {
    const screen = ask('--color')
    await screen.sees('Stop, do nothing')
    screen.types(keys)
    await screen.sees(`answer: ${answer}`)
    await screen.ended
  })

  test('where no backup will be made, Enter stops', async () => {
    const screen = ask('no-backup')
    await screen.sees('Stop, do nothing')
    expect(screen.text()).toContain('Delete without a backup')
    expect(screen.text()).not.toContain('Always')
    screen.types(enter)
    await screen.sees('answer: stop')
    await screen.ended
  })

  test('Ctrl-C is an interruption, not an answer', async () => {
    const screen = ask()
    await screen.sees('Stop, do nothing')
    screen.types('\u0003')
    await screen.sees('stopped: {"reason":"interrupted","signal":"SIGINT"}')
    await screen.ended
  })

  test('what is typed behind the answer is left for Compose', async () => {
    const screen = ask('then-read')
    await screen.sees('Stop, do nothing')
    screen.types(`${enter}yes, remove\n`)
    await screen.sees('answer: back-up-and-go-on')
    await screen.sees('stdin: "yes, remove\\n"')
    await screen.ended
  })
})

test('a terminal that is closed while the question stands is an interruption', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-prompt-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const report = join(folder, 'report')
  const screen = ask(`report=${report}`)
  await screen.sees('Stop, do nothing')
  screen.hangUp()
  await expect
    .poll(() => readFile(report, 'utf8').catch(() => ''), { timeout: 20_000 })
    .toBe('stopped: {"reason":"interrupted","signal":"SIGHUP"}\n')
})

describe('a yes or no', () => {
  test.each([
    [`y${enter}`, true],
    [enter, false],
    [`n${enter}`, false],
  ])('%j is %s', async (keys, answer) => {
    const screen = ask('confirm')
    await screen.sees('(y/N)')
    screen.types(keys)
    await screen.sees(`answer: ${answer}`)
    await screen.ended
  })

  test('what it is about stands above the question, escaped', async () => {
    const screen = ask('confirm')
    await screen.sees('(y/N)')
    expect(screen.text().replaceAll('\r\n', '\n')).toContain(
      '  shop_pgdata\\x1b[2J is deleted\n? Let `safe-compose down -v` run once in /srv/shop? (y/N)',
    )
    screen.types(`what${enter}`)
    await screen.sees('You must answer')
    screen.types(`\u007F\u007F\u007F\u007Fy${enter}`)
    await screen.sees('answer: true')
    await screen.ended
  })
})
