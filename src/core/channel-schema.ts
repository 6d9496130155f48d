import type { Channel } from '../model/channel.ts'
import { channelKeys, channelKinds, noticeJobs, noticeKinds, securities } from './channel-configuration.ts'

/** The JSON schema of `notify.channels`: what `readChannels` accepts, less what only it can tell. */
export function channelsSchema(): object {
  return {
    type: ['array', 'null'],
    description:
      'who is told what happened while nobody was looking; only in a configuration that is trusted',
    items: { anyOf: channelKinds.map(channelSchema) },
  }
}

function channelSchema(kind: Channel['kind']): object {
  const properties = channelKeys(kind).map(key => [key, key === 'kind' ? { const: kind } : schemaOf(key)])
  return {
    type: 'object',
    additionalProperties: false,
    required: required(kind),
    properties: Object.fromEntries(properties),
  }
}

function required(kind: Channel['kind']): readonly string[] {
  if (kind === 'email') return ['kind', 'host', 'from', 'to']
  return kind === 'command' ? ['kind', 'command'] : ['kind']
}

function schemaOf(key: string): object {
  const description = descriptions[key]
  return { ...(description === undefined ? {} : { description }), ...typeOf(key) }
}

function typeOf(key: string): object {
  switch (key) {
    case 'on':
      return someOf(noticeKinds)
    case 'jobs':
      return someOf(noticeJobs)
    case 'projects':
      return { type: ['array', 'null'], items: text }
    case 'port':
      return { type: ['integer', 'null'] }
    case 'security':
      return { anyOf: [{ enum: securities }, { type: 'null' }] }
    case 'to':
    case 'command':
      return { anyOf: [text, { type: 'array', items: text }] }
    default:
      return { type: ['string', 'null'] }
  }
}

const text = { type: 'string' }

function someOf(words: readonly string[]): object {
  return { anyOf: [{ enum: words }, { type: 'array', items: { enum: words } }, { type: 'null' }] }
}

const descriptions: Readonly<Record<string, string>> = {
  on: 'what it is told of; failed, recovered and stale, for a ping succeeded as well',
  jobs: 'of which jobs; every one, for a ping backup',
  projects: 'of which projects; every one',
  url: 'the address; it may hold a token, which a file of its own keeps better',
  urlFile: 'a file that holds the address',
  urlVariable: 'a variable that holds the address',
  token: 'sent as a bearer token',
  tokenFile: 'a file that holds it',
  tokenVariable: 'a variable that holds it',
  host: 'the server that takes mail',
  port: '587, for tls 465, for none 25',
  security: 'starttls, with port 465 tls',
  passwordFile: 'a file that holds it',
  passwordVariable: 'a variable that holds it',
  command: 'the program, an absolute path, and its arguments; it reads the notice as JSON',
}
