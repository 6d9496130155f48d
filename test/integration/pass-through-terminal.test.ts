import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from '@lydell/node-pty'
import type { IPty } from '@lydell/node-pty'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { fakeCompose, makeEntryPackage, quietVariables } from '../fakes/package-of-entry.ts'
import type { EntryPackage } from '../fakes/package-of-entry.ts'

let entry: EntryPackage
const open: Terminal[] = []

beforeAll(() => {
  entry = makeEntryPackage()
  mkdirSync(join(entry.folder, 'bin'))
  symlinkSync(fakeCompose, join(entry.folder, 'bin/docker-compose'))
  symlinkSync(process.execPath, join(entry.folder, 'bin/node'))
})
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(() => entry.remove())

describe('on a terminal', () => {
  test('Compose sees the window’s size, and its changes', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 1, code: 0 } })
    await terminal.shows('ready')
    terminal.pty.resize(91, 20)
    await terminal.shows('got SIGWINCH 91')
    const other = start([entry.executable, 'ps'], {})
    await other.ends()
    expect(other.text()).toContain('"columns":77')
  })

  test('Ctrl-C once reaches Compose once, and the exit code is Compose’s', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 1, code: 130 } })
    await terminal.shows('beat', 5)
    terminal.pty.write('\x03')
    expect(await terminal.ends()).toBe(130)
    expect(terminal.signals()).toEqual(['got SIGINT'])
  })

  test('Ctrl-C in the first moment reaches Compose once', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 1, code: 130 } })
    await terminal.shows('ready')
    terminal.pty.write('\x03')
    expect(await terminal.ends()).toBe(130)
    expect(terminal.signals()).toEqual(['got SIGINT'])
  })

  test('Ctrl-C twice reaches Compose twice', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 2, code: 130 } })
    await terminal.shows('beat', 5)
    terminal.pty.write('\x03')
    await terminal.shows('got SIGINT')
    terminal.pty.write('\x03')
    expect(await terminal.ends()).toBe(130)
    expect(terminal.signals()).toEqual(['got SIGINT', 'got SIGINT'])
  })

  test('Ctrl-\\ reaches Compose once', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 1, code: 2 } })
    await terminal.shows('beat', 5)
    terminal.pty.write('\x1c')
    expect(await terminal.ends()).toBe(2)
    expect(terminal.signals()).toEqual(['got SIGQUIT'])
  })

  test('a kill of us alone reaches Compose once', async () => {
    const terminal = start([entry.executable, 'logs', '-f'], { listen: { until: 2, code: 9 } })
    await terminal.shows('beat', 5)
    process.kill(terminal.pty.pid, 'SIGTERM')
    await terminal.shows('got SIGTERM')
    process.kill(terminal.pty.pid, 'SIGHUP')
    expect(await terminal.ends()).toBe(9)
    expect(terminal.signals()).toEqual(['got SIGTERM', 'got SIGHUP'])
  })

  test('Ctrl-Z stops the whole job, and fg goes on with it', async () => {
    const terminal = startShell({ listen: { until: 1, code: 130 } })
    terminal.pty.write(`${entry.executable} logs -f\r`)
    await terminal.shows('beat', 5)
    terminal.pty.write('\x1a')
    await terminal.shows('Stopped')
    const stopped = terminal.text().split('beat').length
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(terminal.text().split('beat').length).toBe(stopped)
    terminal.pty.write('fg\r')
    await terminal.shows('got SIGCONT')
    await terminal.shows('beat', stopped + 2)
    terminal.pty.write('\x03')
    await terminal.shows('got SIGINT')
    terminal.pty.write('echo "code was $?"\r')
    await terminal.shows('code was 130')
    expect(terminal.signals()).toEqual(['got SIGCONT', 'got SIGINT'])
  })

  test('the terminal’s attributes are as before, after an end and after a death', async () => {
    const terminal = startShell({})
    const command = `${entry.executable} ps`
    terminal.pty.write(`a=$(stty -g); ${command}; test "$a" = "$(stty -g)" && echo same-1-same\r`)
    await terminal.shows('same-1-same', 2)
    terminal.pty.write(
      `a=$(stty -g); FAKE_COMPOSE='{"signal":"SIGTERM"}' ${command}; test "$a" = "$(stty -g)" && echo same-2-same\r`,
    )
    await terminal.shows('same-2-same', 2)
  })

  test('what is typed goes to Compose', async () => {
    const terminal = start([entry.executable, 'exec', 'db', 'cat'], { stdin: true })
    await new Promise(resolve => setTimeout(resolve, 500))
    terminal.pty.write('hello\r\x04')
    await terminal.ends()
    expect(terminal.text()).toContain('"bytes":6')
  })
})

interface Terminal {
  readonly pty: IPty
  readonly text: () => string
  /** Waits until the text was shown this often. */
  readonly shows: (text: string, times?: number) => Promise<void>
  readonly ends: () => Promise<number>
  /** The signals that Compose says it got, in order, window sizes left out. */
  readonly signals: () => readonly string[]
  readonly close: () => void
}

function start(argv: readonly string[], told: unknown): Terminal {
  const [program = '', ...args] = argv
  const pty = spawn(program, args, {
    cols: 77,
    rows: 20,
    cwd: entry.folder,
    env: quietVariables({
      HOME: entry.folder,
      XDG_CACHE_HOME: join(entry.folder, 'cache'),
      DOCKER_CONFIG: join(entry.folder, 'no-docker'),
      PATH: `${join(entry.folder, 'bin')}:/usr/bin:/bin`,
      FAKE_COMPOSE: JSON.stringify(told),
      PS1: '$ ',
    }),
  })
  let text = ''
  const ended = new Promise<number>(resolve => {
    pty.onExit(({ exitCode }) => resolve(exitCode))
  })
  pty.onData(data => {
    text += data
  })
  const terminal: Terminal = {
    pty,
    text: () => text,
    shows: async (part, times = 1) => {
      const until = Date.now() + 15_000
      while (text.split(part).length <= times) {
        if (Date.now() > until) throw new Error(`"${part}" was not shown ${times} times:\n${text}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    ends: () => ended,
    signals: () => [...text.matchAll(/got SIG(?!WINCH)[A-Z]+/g)].map(match => match[0]),
    close: () => pty.kill('SIGKILL'),
  }
  open.push(terminal)
  return terminal
}

/** A shell with job control. */
function startShell(told: unknown): Terminal {
  return start(['bash', '--norc', '--noprofile', '-i'], told)
}
