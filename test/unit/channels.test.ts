import { describe, expect, test } from 'vitest'
import { readChannels } from '../../src/core/channel-configuration.ts'
import { channelsSchema } from '../../src/core/channel-schema.ts'
import { channelInWords, channelNames, wants } from '../../src/core/channels.ts'
import type { Channel } from '../../src/model/channel.ts'
import type { Notice } from '../../src/model/notice.ts'
import { faultsAgainst } from '../fakes/schema.ts'

const mail = { kind: 'email', host: 'smtp.example.org', from: 'a@example.org', to: 'ops@example.org' }
const slack = { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/s3cr3t' }

function read(...entries: readonly unknown[]): readonly Channel[] {
  return readChannels([], entries, (path, what, how) => new Error(`${path.join('.')}: ${what}; ${how}`))
}

function complaint(entry: unknown): string {
  try {
    read(entry)
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return 'nothing'
}

describe('reading', () => {
  test.each([
    [
      slack,
      {
        kind: 'slack',
        url: { from: 'value', value: slack.url },
        token: null,
        on: ['failed', 'recovered', 'stale'],
        jobs: [],
        projects: [],
      },
    ],
    [
      { kind: 'ping', urlVariable: 'PING_URL' },
      {
        url: { from: 'variable', name: 'PING_URL' },
        on: ['failed', 'recovered', 'stale', 'succeeded'],
        jobs: ['backup'],
      },
    ],
    [
      { kind: 'ntfy', urlFile: '~/ntfy', tokenFile: '/etc/token', on: 'failed', projects: ['shop'] },
      {
        url: { from: 'file', path: '~/ntfy' },
        token: { from: 'file', path: '/etc/token' },
        on: ['failed'],
        projects: ['shop'],
      },
    ],
    [mail, { port: 587, security: 'starttls', login: null, to: ['ops@example.org'] }],
    [
      { ...mail, port: 465 },
      { port: 465, security: 'tls' },
    ],
    [
      { ...mail, security: 'none' },
      { port: 25, security: 'none' },
    ],
    [
      { ...mail, user: 'me', passwordVariable: 'SMTP', to: ['a@b.c', 'd@e.f'] },
      { login: { user: 'me', password: { from: 'variable', name: 'SMTP' } }, to: ['a@b.c', 'd@e.f'] },
    ],
    [{ kind: 'command', command: '/bin/page' }, { command: ['/bin/page'] }],
    [
      { kind: 'command', command: ['/bin/page', '-x'], on: [] },
      { command: ['/bin/page', '-x'], on: [] },
    ],
  ])('%j', (entry, expected) => {
    expect(read(entry)).toMatchObject([expected])
    expect(faultsAgainst(channelsSchema(), [entry])).toEqual([])
  })

  test('nothing is no channel', () => {
    expect(readChannels([], null, () => new Error('never'))).toEqual([])
  })

  test.each([
    ['x', '0: it is not a mapping; such as - { kind: slack, urlFile: ~/.config/safe-compose/slack-url }'],
    [{ url: slack.url }, '0: it has no kind; use one of: '],
    [{ kind: 'slak' }, '0.kind: there is no such kind; did you mean slack?'],
    [{ ...slack, ulr: 'x' }, '0.ulr: there is no such key; did you mean url?'],
    [{ ...slack, token: 'x' }, '0.token: there is no such key'],
    [{ kind: 'slack' }, '0: it has no address; write url, urlFile or urlVariable'],
    [{ ...slack, urlFile: '/x' }, '0.urlFile: url is there already'],
    [{ kind: 'slack', urlFile: 'x' }, '0.urlFile: it is not an absolute path'],
    [{ kind: 'slack', urlVariable: '$X' }, '0.urlVariable: it is not the name of a variable'],
    [{ ...slack, on: ['failure'] }, '0.on: it names what there is not; use any of: failed, recovered'],
    [{ ...slack, projects: 'shop' }, '0.projects: it is not a list of texts'],
    [{ ...mail, to: [] }, '0: it has no recipient'],
    [{ ...mail, to: 'Ops <ops@example.org>' }, '0.to: it is not a mail address'],
    [{ ...mail, from: 'a@b\nBcc: c@d' }, '0.from: it is not a mail address'],
    [{ ...mail, port: '587' }, '0.port: it is not a port'],
    [{ ...mail, user: 'me' }, '0: it has a user but no password'],
    [{ ...mail, password: 'x' }, '0: it has a password but no user'],
    [{ ...mail, security: 'none', user: 'a', password: 'b' }, '0.security: a password would travel'],
    [
      { ...mail, host: '127.example.org', security: 'none', user: 'a', password: 'b' },
      '0.security: a password would travel',
    ],
    [{ kind: 'command' }, '0: it has no command'],
    [{ kind: 'command', command: ['page'] }, '0.command: the program is not an absolute path'],
  ])('%j is refused', (entry, expected) => {
    expect(complaint(entry)).toContain(expected)
  })

  test.each([
    'hooks.slack.com/services/T0/s3cr3t',
    'ftp://host/s3cr3t',
    'https:///s3cr3t',
    ['https://a/s3cr3t'],
    { to: 's3cr3t' },
  ])('%j is no address, and is not repeated', url => {
    const said = complaint({ kind: 'slack', url })
    expect(said).toMatch(/^0\.url: /)
    expect(said).not.toContain('s3cr3t')
  })
})

describe('names', () => {
  test('hold a host and nothing secret; equal ones are told apart', () => {
    const channels = read(
      slack,
      { ...slack, url: 'https://user:pw@Hooks.Slack.com/other' },
      { kind: 'webhook', urlFile: '/etc/hook' },
      { kind: 'ping', urlVariable: 'PING' },
      { ...mail, user: 'me', password: 's3cr3t' },
      { kind: 'command', command: ['/bin/page', '--key', 's3cr3t'] },
    )
    expect(channelNames(channels)).toEqual([
      'slack (hooks.slack.com)',
      'slack (hooks.slack.com) #2',
      'webhook (address in /etc/hook)',
      'ping (address in $PING)',
      'email (ops@example.org by smtp.example.org)',
      'command (/bin/page)',
    ])
    const said = channels.map(channelInWords).join('\n')
    expect(said).not.toMatch(/s3cr3t|pw/)
    expect(said).toContain('ping (address in $PING); failed, recovered, stale, succeeded; jobs backup')
  })
})

describe('who is told of what', () => {
  const notice: Notice = {
    kind: 'failed',
    job: 'backup',
    project: 'shop',
    host: 'h',
    at: '',
    summary: '',
    details: [],
    restorePoint: null,
  }
  test.each([
    [{}, {}, true],
    [{}, { kind: 'succeeded' }, false],
    [{}, { kind: 'recovered' }, true],
    [{ on: ['succeeded'] }, { kind: 'recovered' }, true],
    [{ on: ['failed'] }, { kind: 'recovered' }, false],
    [{ on: [] }, {}, false],
    [{ jobs: ['verify'] }, {}, false],
    [{ jobs: ['verify'] }, { job: 'verify' }, true],
    [{ projects: ['shop'] }, {}, true],
    [{ projects: ['blog'] }, {}, false],
    [{ projects: ['blog'] }, { project: null }, true],
  ] as const)('%j and %j: %s', (entry, change, expected) => {
    const [channel] = read({ ...slack, ...entry })
    expect(wants(channel!, { ...notice, ...change })).toBe(expected)
  })
})
