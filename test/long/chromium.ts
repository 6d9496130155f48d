import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { needTools } from '../engine/apt.ts'

/** A page in a real Chromium, as wide as a screen, in the colours that its reader prefers. */
export interface Page {
  /** Opens a file, and gives what went out for it and what the browser complained of. */
  readonly open: (url: string, look: Look) => Promise<Visit>
  /** What an expression gives in the page. */
  readonly evaluate: <T>(expression: string) => Promise<T>
  readonly screenshot: () => Promise<Buffer>
  readonly close: () => Promise<void>
}

export interface Look {
  readonly width: number
  readonly colours: 'light' | 'dark'
}

export interface Visit {
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

/** Debian's own, without a window, over its debugging pipe. */
export async function openChromium(): Promise<Page> {
  await needTools({ chromium: 'chromium' })
  const profile = mkdtempSync(join(tmpdir(), 'safe-compose-chromium-'))
  const browser = spawn(
    'chromium',
    // Without its sandbox it runs as root too.
    ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--user-data-dir=${profile}`],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<void>(resolve => void browser.once('close', () => resolve()))
  const wire = openWire(browser.stdio[3] as Writable, browser.stdio[4] as Readable)
  const { targetId } = await wire.call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await wire.call<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  })
  const call = <T>(method: string, parameters: object = {}): Promise<T> =>
    wire.call<T>(method, parameters, sessionId)
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await call(`${domain}.enable`)
  return {
    open: async (url, { width, colours }) => {
      const visit = { requests: [] as string[], complaints: [] as string[] }
      const loaded = wire.listen((method, parameters) => {
        if (method === 'Network.requestWillBeSent') visit.requests.push(textAt(parameters, 'request', 'url'))
        if (method === 'Log.entryAdded') visit.complaints.push(textAt(parameters, 'entry', 'text'))
        if (method === 'Runtime.exceptionThrown') visit.complaints.push(JSON.stringify(parameters))
        return method === 'Page.loadEventFired'
      })
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile: width < 600,
      })
      const features = [{ name: 'prefers-color-scheme', value: colours }]
      await call('Emulation.setEmulatedMedia', { features })
      await call('Page.navigate', { url })
      await loaded
      return visit
    },
    evaluate: async <T>(expression: string) => {
      const answer = await call<{ result: { value: T } }>('Runtime.evaluate', {
        expression,
        returnByValue: true,
      })
      return answer.result.value
    },
    screenshot: async () => {
      const { data } = await call<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(data, 'base64')
    },
    close: async () => {
      // All of its processes end with it, and leave the profile.
      await wire.call('Browser.close', {})
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Gets every message; true when it has heard enough. */
type Listener = (method: string, parameters: unknown) => boolean

interface Wire {
  readonly call: <T>(method: string, parameters: object, sessionId?: string) => Promise<T>
  /** Settles when the listener has heard enough. It hears all that comes up to the next one. */
  readonly listen: (listener: Listener) => Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** JSON texts with a zero byte behind each. */
function openWire(out: Writable, back: Readable): Wire {
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  let hear: (method: string, parameters: unknown) => void = () => {}
  let last = 0
  const take = ({ id, method, params, result, error }: Message): void => {
    if (method !== undefined) hear(method, params)
    if (id === undefined) return
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result as never)
    else call?.reject(new Error(error.message))
  }
  let rest = ''
  back.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop() ?? ''
    for (const message of messages) take(JSON.parse(message) as Message)
  })
  back.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser has ended'))
  })
  return {
    call: <T>(method: string, parameters: object, sessionId?: string) =>
      new Promise<T>((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        out.write(`${JSON.stringify({ id, method, params: parameters, sessionId })}\0`)
      }),
    listen: listener =>
      new Promise(resolve => {
        hear = (method, parameters) => {
          if (listener(method, parameters)) resolve()
        }
      }),
  }
}

function textAt(value: unknown, ...keys: readonly string[]): string {
  let at = value
  for (const key of keys) at = (at as Readonly<Record<string, unknown>>)[key]
  return String(at)
}
