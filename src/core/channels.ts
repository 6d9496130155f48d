import type { Channel, Secret } from '../model/channel.ts'
import type { Notice } from '../model/notice.ts'

/**
 * Whether a channel is told of a notice. A recovery is a success too: who wants to hear of every success, as a ping
 * does, hears of it.
 */
export function wants({ on, jobs, projects }: Channel, notice: Notice): boolean {
  const isOfKind = on.includes(notice.kind) || (notice.kind === 'recovered' && on.includes('succeeded'))
  const isOfJob = jobs.length === 0 || jobs.includes(notice.job)
  const isOfProject = projects.length === 0 || notice.project === null || projects.includes(notice.project)
  return isOfKind && isOfJob && isOfProject
}

/** A name for each channel that holds nothing secret and stays the same when a token changes: `slack (hooks.slack.com)`. */
export function channelNames(channels: readonly Channel[]): readonly string[] {
  const seen = new Map<string, number>()
  return channels.map(channel => {
    const name = `${channel.kind} (${addressOf(channel)})`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name} #${count}`
  })
}

/** A channel as `settings` shows it: where it leads and what it is told of. */
export function channelInWords(channel: Channel): string {
  const { on, jobs, projects } = channel
  return [
    `${channel.kind} (${addressOf(channel)})`,
    on.join(', '),
    ...(jobs.length === 0 ? [] : [`jobs ${jobs.join(', ')}`]),
    ...(projects.length === 0 ? [] : [`projects ${projects.join(', ')}`]),
  ].join('; ')
}

/** Of an address that may hold a token only its host; of a command only the program. */
function addressOf(channel: Channel): string {
  switch (channel.kind) {
    case 'email':
      return `${channel.to.join(', ')} by ${channel.host}`
    case 'command':
      return channel.command[0]
    default:
      return secretAddress(channel.url)
  }
}

function secretAddress(secret: Secret): string {
  switch (secret.from) {
    case 'file':
      return `address in ${secret.path}`
    case 'variable':
      return `address in $${secret.name}`
    case 'value':
      return hostOf(secret.value)
  }
}

/** `hooks.slack.com`, `ntfy.lan:8080`: what of an address is not secret. */
export function hostOf(url: string): string {
  const [, authority = ''] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? []
  return authority.slice(authority.lastIndexOf('@') + 1).toLowerCase()
}
