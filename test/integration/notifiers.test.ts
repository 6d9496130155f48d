import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openNotifier } from '../../src/adapters/notifiers/notifier.ts'
import { openNoticeSpool } from '../../src/adapters/state/notice-spool.ts'
import { readChannels } from '../../src/core/channel-configuration.ts'
import type { Channel } from '../../src/model/channel.ts'
import type { Notice } from '../../src/model/notice.ts'
import type { Notifier } from '../../src/model/ports.ts'
import { startSmtpServer } from '../fakes/smtp-server.ts'
import type { SmtpServer } from '../fakes/smtp-server.ts'
import { startWebServer } from '../fakes/web-server.ts'
import type { WebServer } from '../fakes/web-server.ts'

const notice: Notice = {
  kind: 'failed',
  job: 'backup',
  project: 'shop',
  host: 'db1',
  at: '2026-11-23T20:15:00.000Z',
  summary: 'backup of shop failed: <no> space & *no* time',
  details: ['make room'],
  restorePoint: null,
}
const succeeded: Notice = { ...notice, kind: 'succeeded', summary: 'backup of shop: 1 volume' }
const secretPath = '/services/T0000/tok3n-of-slack'

let folder: string
let said: string[]
let now: Date

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-notify-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  said = []
  now = new Date(notice.at)
})

function notifierFor(entries: readonly object[], variables: Readonly<Record<string, string>> = {}): Notifier {
  return openNotifier({
    channels: channelsOf(entries),
    reporter: {
      say: event => void said.push(event.type === 'warning' ? event.text : event.type),
      quiet: () => {},
    },
    now: () => now,
    spool: openNoticeSpool(join(folder, 'notices'), randomBytes),
    variables,
    home: folder,
    limits: { network: 400, command: 400 },
    pauses: [10, 20],
  })
}

function channelsOf(entries: readonly object[]): readonly Channel[] {
  return readChannels([], entries, (path, what) => new Error(`${path.join('.')}: ${what}`))
}

async function web(answer: Parameters<typeof startWebServer>[0] | number = 200): Promise<WebServer> {
  const server = await startWebServer(
    typeof answer === 'number' ? response => response.writeHead(answer).end() : answer,
  )
  onTestFinished(server.close)
  return server
}

async function smtp(refuse: string | null = null): Promise<SmtpServer> {
  const server = await startSmtpServer(refuse)
  onTestFinished(server.close)
  return server
}

function waiting(): Promise<readonly string[]> {
  return readdir(join(folder, 'notices')).catch(() => [])
}

async function told(server: WebServer, kind: string, path = secretPath): Promise<Record<string, unknown>> {
  await notifierFor([{ kind, url: `${server.address}${path}` }]).tell(notice)
  expect(said).toEqual([])
  expect(server.arrived).toHaveLength(1)
  return JSON.parse(server.arrived[0]?.body ?? '') as Record<string, unknown>
}

describe('what each takes', () => {
  test('a webhook: the notice as it is, and as one text', async () => {
    const server = await web(204)
    expect(await told(server, 'webhook')).toMatchObject({ format: 1, ...notice, text: expect.any(String) })
    expect(server.arrived[0]).toMatchObject({
      method: 'POST',
      path: secretPath,
      headers: { 'content-type': 'application/json', 'user-agent': 'safe-compose' },
    })
    expect(server.arrived[0]?.headers.authorization).toBeUndefined()
  })

  test('Slack: a text in which nothing is a link or calls anybody', async () => {
    expect(await told(await web(), 'slack')).toEqual({
      mrkdwn: false,
      text: '❌ backup of shop failed: &lt;no&gt; space &amp; *no* time\nmake room\nhost db1 · 2026-11-23 20:15 UTC',
    })
  })

  test('Discord: no markup, nobody called', async () => {
    expect(await told(await web(204), 'discord')).toEqual({
      content:
        String.raw`❌ backup of shop failed: <no\> space & \*no\* time` +
        '\nmake room\nhost db1 · 2026-11-23 20:15 UTC',
      allowed_mentions: { parse: [] },
    })
  })

  test('Teams: a card of plain runs', async () => {
    const run = (text: string): object => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text }] })
    expect(await told(await web(202), 'teams')).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            body: [
              run('❌ backup of shop failed: <no> space & *no* time'),
              run('make room'),
              run('host db1 · 2026-11-23 20:15 UTC'),
            ],
          },
        },
      ],
    })
  })

  test('ntfy: the topic of its address, at the root of the server', async () => {
    const server = await web()
    expect(await told(server, 'ntfy', '/below/t%C3%B6pic')).toEqual({
      topic: 'töpic',
      title: notice.summary,
      message: 'make room\nhost db1 · 2026-11-23 20:15 UTC',
      priority: 4,
      tags: ['x'],
    })
    expect(server.arrived[0]?.path).toBe('/below/')
  })

  test('a ping: after a success its address, after a failure with /fail', async () => {
    const server = await web()
    const ping = notifierFor([{ kind: 'ping', url: `${server.address}/uuid?create=1` }])
    await ping.tell(succeeded)
    await ping.tell(notice)
    await ping.tell({ ...notice, kind: 'stale' })
    await ping.tell({ ...succeeded, kind: 'recovered' })
    await ping.tell({ ...succeeded, job: 'verify' })
    expect(server.arrived.map(({ path }) => path)).toEqual([
      '/uuid?create=1',
      '/uuid/fail?create=1',
      '/uuid/fail?create=1',
      '/uuid?create=1',
    ])
    expect(server.arrived[1]?.body).toContain('backup of shop failed')
  })

  test('mail: one for all recipients, with the login', async () => {
    const server = await smtp()
    await notifierFor([
      {
        kind: 'email',
        host: '127.0.0.1',
        port: server.port,
        security: 'none',
        user: 'me',
        password: 'pass word',
        from: 'backup@example.org',
        to: ['a@example.org', 'b@example.org'],
      },
    ]).tell({ ...notice, summary: 'a\r\nBcc: evil@example.org' })
    expect(said).toEqual([])
    expect(server.logins).toEqual(['me pass word'])
    const [mail] = server.mails
    expect(mail?.from).toContain('<backup@example.org>')
    expect(mail?.to.map(each => each.slice(0, 18))).toEqual(['TO:<a@example.org>', 'TO:<b@example.org>'])
    expect(mail?.text).toContain(String.raw`Subject: a\r\nBcc: evil@example.org`)
    expect(mail?.text).toContain('Auto-Submitted: auto-generated')
    expect(mail?.text).toContain('make room')
  })

  test('a command: the notice on its input and in variables, nothing added to its words', async () => {
    const script = join(folder, 'page')
    await writeFile(
      script,
      '#!/bin/sh\ncat > "$1.json"\necho "$#|$SAFE_COMPOSE_NOTICE_KIND|$SAFE_COMPOSE_NOTICE_SUMMARY|$OTHER" > "$1.txt"\n',
    )
    await chmod(script, 0o755)
    const out = join(folder, 'out')
    await notifierFor([{ kind: 'command', command: [script, out] }], { OTHER: 'kept' }).tell(notice)
    expect(said).toEqual([])
    expect(await readFile(`${out}.txt`, 'utf8')).toBe(`1|failed|${notice.summary}|kept\n`)
    expect(JSON.parse(await readFile(`${out}.json`, 'utf8'))).toEqual({ format: 1, ...notice })
  })
})

describe('secrets', () => {
  test('come from files and variables, and are read when they are needed', async () => {
    const server = await web()
    await writeFile(join(folder, 'url'), `${server.address}/from-file\n\n`)
    await notifierFor(
      [
        { kind: 'webhook', urlFile: '~/url', tokenVariable: 'TOKEN' },
        { kind: 'slack', urlVariable: 'HOOK' },
      ],
      { TOKEN: 't0k3n', HOOK: `${server.address}/from-variable` },
    ).tell(notice)
    expect(server.arrived.map(({ path, headers }) => `${path} ${headers.authorization}`).toSorted()).toEqual([
      '/from-file Bearer t0k3n',
      '/from-variable undefined',
    ])
  })

  test('that are not there are named by their place', async () => {
    await writeFile(join(folder, 'empty'), '\n')
    await writeFile(join(folder, 'words'), 's3cr3t words')
    await notifierFor([
      { kind: 'webhook', urlFile: '~/gone' },
      { kind: 'webhook', urlFile: '~/empty' },
      { kind: 'webhook', urlFile: '~/words' },
      { kind: 'webhook', urlVariable: 'NOT_SET' },
    ]).tell(notice)
    const then = '; it is sent again with the next notice'
    expect(said.toSorted()).toEqual([
      `webhook (address in $NOT_SET) could not be told: the variable NOT_SET is not set${then}`,
      `webhook (address in ~/empty) could not be told: ~/empty is empty${then}`,
      `webhook (address in ~/gone) could not be told: ~/gone cannot be read (ENOENT)${then}`,
      `webhook (address in ~/words) could not be told: what is there is no web address${then}`,
    ])
  })

  test('are in no message and no file, even where the other side repeats them', async () => {
    const server = await web((response, _, { path, headers }) => {
      response.writeHead(404, { 'content-type': 'text/plain' })
      response.end(`Cannot POST ${path} as ${headers.authorization}: ask\u001b[2J an admin`)
    })
    const mail = await smtp()
    await notifierFor(
      [
        { kind: 'webhook', url: `${server.address}${secretPath}?key=qu3ry-key`, tokenVariable: 'TOKEN' },
        {
          kind: 'email',
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          user: 'me',
          passwordVariable: 'BAD',
          from: 'a@example.org',
          to: 'b@example.org',
        },
      ],
      { TOKEN: 't0k3n-of-hook', BAD: 'wrong' },
    ).tell(notice)
    expect(said).toHaveLength(2)
    const kept = await Promise.all(
      (await waiting()).map(name => readFile(join(folder, 'notices', name), 'utf8')),
    )
    expect(kept).toHaveLength(2)
    for (const text of [...said, ...kept]) expect(text).not.toMatch(/tok3n|t0k3n|qu3ry/)
    expect(said.join('\n')).toContain('it answered 404 Not Found: Cannot POST ***')
    expect(said.join('\n')).toContain('535 5.7.8 *** is not right')
    expect(mail.mails).toEqual([])
  })
})

describe('when it does not arrive', () => {
  test('what fails for the moment is tried again, and arrives once', async () => {
    const server = await web((response, number) => response.writeHead(number === 0 ? 500 : 200).end())
    await notifierFor([{ kind: 'slack', url: server.address + secretPath }]).tell(notice)
    expect(server.arrived).toHaveLength(2)
    expect(said).toEqual([])
    expect(await waiting()).toEqual([])
  })

  test('who asks to be left alone for a long time is', async () => {
    const server = await web(response => response.writeHead(429, { 'retry-after': '3600' }).end())
    await notifierFor([{ kind: 'slack', url: server.address + secretPath }]).tell(notice)
    expect(server.arrived).toHaveLength(1)
    expect(said[0]).toContain('it answered 429 Too Many Requests')
  })

  test('what is refused for good is not tried again', async () => {
    const server = await web(response => response.writeHead(403).end('no_service'))
    await notifierFor([{ kind: 'slack', url: server.address + secretPath }]).tell(notice)
    expect(server.arrived).toHaveLength(1)
    expect(said[0]).toContain('it answered 403 Forbidden: no_service')
  })

  test('a redirection is not followed', async () => {
    const other = await web()
    const server = await web(response =>
      response.writeHead(302, { location: `${other.address}/s3cr3t` }).end(),
    )
    await notifierFor([{ kind: 'slack', url: server.address + secretPath }]).tell(notice)
    expect(other.arrived).toEqual([])
    expect(said[0]).toContain('it answered 302 Found: the address has moved')
  })

  test('who never answers is given up after the time limit; the others are told meanwhile', async () => {
    const silent = await web(() => {})
    const well = await web()
    const begun = performance.now()
    await notifierFor([
      { kind: 'slack', url: `${silent.address}/a` },
      { kind: 'discord', url: `${well.address}/b` },
    ]).tell(notice)
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(silent.arrived).toHaveLength(3)
    expect(well.arrived).toHaveLength(1)
    expect(said).toEqual([
      'slack (127.0.0.1:' +
        `${new URL(silent.address).port}) could not be told: no answer within 0.4 s; it is sent again with the next notice`,
    ])
  })

  test('a body without an end is no failure', async () => {
    const server = await web(response => response.writeHead(200).write('ok'))
    await notifierFor([{ kind: 'slack', url: `${server.address}/a` }]).tell(notice)
    expect(said).toEqual([])
    expect(server.arrived).toHaveLength(1)
  })

  test('nobody there: the connection is refused', async () => {
    const server = await startWebServer(() => {})
    server.close()
    await notifierFor([
      { kind: 'slack', url: `${server.address}/a` },
      {
        kind: 'email',
        host: '127.0.0.1',
        port: Number(new URL(server.address).port),
        security: 'none',
        from: 'a@example.org',
        to: 'b@example.org',
      },
    ]).tell(notice)
    expect(said).toHaveLength(2)
    for (const text of said) expect(text).toContain('could not be told: the connection was refused')
  })

  test('a mail server that says nothing, one that says no, and one that cannot encrypt', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await new Promise(resolve => silent.once('listening', resolve))
    const later = await smtp('450 4.2.0 come back later')
    const open = await smtp()
    const mail = { kind: 'email', host: '127.0.0.1', from: 'a@example.org', security: 'none' }
    await notifierFor([
      { ...mail, to: 'silent@example.org', port: (silent.address() as AddressInfo).port },
      { ...mail, to: 'later@example.org', port: later.port },
      { ...mail, to: 'open@example.org', port: open.port, security: 'starttls' },
    ]).tell(notice)
    const of = (name: string): string => said.find(text => text.includes(`${name}@`)) ?? ''
    expect(of('silent')).toContain('no answer within 0.4 s')
    expect(of('later')).toContain('450 4.2.0 come back later')
    expect(of('open')).toMatch(/STARTTLS/i)
    expect(open.mails).toEqual([])
  })

  test.each([
    ['exit 3', 'it ended with 3'],
    ['echo "no route" >&2; exit 1', 'it ended with 1: no route'],
    ['kill -9 $$', 'it was ended by SIGKILL'],
    ['sleep 30', 'it did not end within 0.4 s'],
  ])('a command that fails: %s', async (line, expected) => {
    await notifierFor([{ kind: 'command', command: ['/bin/sh', '-c', line] }]).tell(notice)
    expect(said).toEqual([
      `command (/bin/sh) could not be told: ${expected}; it is sent again with the next notice`,
    ])
  })

  test('a command that leaves a child behind with its outputs is not waited for', async () => {
    await notifierFor([{ kind: 'command', command: ['/bin/sh', '-c', 'sleep 5 & exit 0'] }]).tell(notice)
    expect(said).toEqual([])
  })

  test('a command that is not there, and one that failed for the moment', async () => {
    const count = join(folder, 'count')
    await notifierFor([
      { kind: 'command', command: '/nowhere/page' },
      { kind: 'command', command: ['/bin/sh', '-c', `echo x >> ${count}; exit 75`] },
    ]).tell(notice)
    expect(said.join('\n')).toContain(
      'command (/nowhere/page) could not be told: it cannot be started (ENOENT)',
    )
    expect(await readFile(count, 'utf8')).toBe('x\nx\nx\n')
  })
})

describe('what could not be delivered', () => {
  test('is sent again with the next notice, in its order and marked as late', async () => {
    let isDown = true
    const server = await web(response => response.writeHead(isDown ? 503 : 200).end())
    const channels = [{ kind: 'webhook', url: server.address + secretPath }]
    await notifierFor(channels).tell(notice)
    now = new Date('2026-11-23T21:15:00.000Z')
    await notifierFor(channels).tell({ ...notice, at: now.toISOString(), summary: 'another' })
    expect(await waiting()).toHaveLength(2)
    expect(await notifierFor(channels).waiting()).toHaveLength(2)
    isDown = false
    said = []
    const before = server.arrived.length
    // Nobody asked for this one, but it is an occasion.
    await notifierFor(channels).tell(succeeded)
    const bodies = server.arrived.slice(before).map(({ body }) => JSON.parse(body) as Notice)
    expect(bodies.map(({ summary }) => summary)).toEqual([notice.summary, 'another'])
    expect(bodies[0]?.details).toEqual(['(late: this is from 2026-11-23 20:15 UTC)', 'make room'])
    expect(said).toEqual([expect.stringContaining('was told late of 2 notices')])
    expect(await waiting()).toEqual([])
  })

  test('waits on while it cannot be delivered, tried once each time', async () => {
    const server = await web(503)
    const channels = [{ kind: 'webhook', url: server.address + secretPath }]
    await notifierFor(channels).tell(notice)
    said = []
    await notifierFor(channels).tell(succeeded)
    expect(server.arrived).toHaveLength(4)
    expect(said).toEqual([expect.stringContaining('still cannot be told: it answered 503')])
    expect(await waiting()).toHaveLength(1)
  })

  test('is left to the project whose channel it is for by those that do not have it', async () => {
    let status = 503
    const server = await web(response => response.writeHead(status).end())
    const channels = [{ kind: 'webhook', url: server.address + secretPath }]
    await notifierFor(channels).tell(notice)
    const other = await web()
    said = []
    await notifierFor([{ kind: 'slack', url: `${other.address}/x` }]).tell(succeeded)
    expect(said).toEqual([])
    expect(other.arrived).toEqual([])
    status = 200
    await notifierFor(channels).tell(succeeded)
    expect(said).toEqual([expect.stringContaining('was told late of 1 notice')])
    expect(await waiting()).toEqual([])
  })

  test('is given up after a week, and that is said', async () => {
    const server = await web(503)
    await notifierFor([{ kind: 'webhook', url: server.address + secretPath }]).tell(notice)
    now = new Date(now.getTime() + 8 * 86_400_000)
    const other = await web()
    said = []
    await notifierFor([{ kind: 'slack', url: `${other.address}/x` }]).tell(succeeded)
    expect(said).toEqual([expect.stringContaining('1 notice that could not be delivered')])
    expect(await waiting()).toEqual([])
    expect(other.arrived).toEqual([])
  })

  test('a ping is never late', async () => {
    const server = await web(503)
    await notifierFor([{ kind: 'ping', url: `${server.address}/uuid` }]).tell(notice)
    expect(await waiting()).toEqual([])
    expect(said).toEqual([expect.stringMatching(/could not be told: it answered 503 Service Unavailable$/)])
  })

  test('is kept for its owner only; rubbish in between is passed over', async () => {
    const server = await web(503)
    const channels = [{ kind: 'webhook', url: server.address + secretPath }]
    await notifierFor(channels).tell(notice)
    const [name = ''] = await waiting()
    const place = join(folder, 'notices')
    expect((await stat(join(place, name))).mode & 0o777).toBe(0o600)
    expect((await stat(place)).mode & 0o777).toBe(0o700)
    await writeFile(join(place, '2026-00.json'), '{"channel": 1')
    await writeFile(join(place, '2027-00.json'), 'null')
    await writeFile(join(place, `${name}.a1b2.tmp`), 'half')
    expect(await notifierFor(channels).waiting()).toHaveLength(1)
  })

  test('where it cannot be kept either, that does not fail anything', async () => {
    await mkdir(join(folder, 'x'))
    await writeFile(join(folder, 'notices'), 'a file where the folder should be')
    const server = await web(503)
    await notifierFor([{ kind: 'webhook', url: server.address + secretPath }]).tell(notice)
    expect(said).toEqual([expect.stringMatching(/it answered 503 Service Unavailable$/)])
  })
})

test('a test goes to one channel, once, and says how long it took', async () => {
  const server = await web((response, number) => response.writeHead(number === 0 ? 500 : 200).end())
  const entries = [{ kind: 'webhook', url: server.address + secretPath }]
  const notifier = notifierFor(entries)
  const [channel] = channelsOf(entries)
  expect(await notifier.test(channel!, succeeded)).toEqual({
    why: 'it answered 500 Internal Server Error',
    milliseconds: expect.any(Number),
  })
  expect(await notifier.test(channel!, succeeded)).toMatchObject({ why: null })
  expect(server.arrived).toHaveLength(2)
  expect(await waiting()).toEqual([])
})

test('without channels nothing is told, kept or said', async () => {
  await notifierFor([]).tell(notice)
  expect(said).toEqual([])
  expect(await waiting()).toEqual([])
})
