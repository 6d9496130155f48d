import type { Channel, HttpChannel } from '../../model/channel.ts'
import type { Notice } from '../../model/notice.ts'
import { isAddress } from '../../core/channel-configuration.ts'
import { runCommand } from './command.ts'
import { discordCall } from './discord.ts'
import { sendEmail } from './email.ts'
import { post } from './http.ts'
import type { HttpCall } from './http.ts'
import { ntfyCall } from './ntfy.ts'
import { pingCall } from './ping.ts'
import { reveal, withoutSecrets } from './secrets.ts'
import type { SecretPlaces } from './secrets.ts'
import { slackCall } from './slack.ts'
import { teamsCall } from './teams.ts'
import { Undelivered } from './undelivered.ts'
import { webhookCall } from './webhook.ts'

/** Milliseconds for one try. A program of the user's may have a way to go itself. */
export interface SendLimits {
  readonly network: number
  readonly command: number
}

/** Sends a notice to a channel, once. Throws `Undelivered`, in which no secret is left. */
export async function send(
  channel: Channel,
  notice: Notice,
  places: SecretPlaces,
  limits: SendLimits,
): Promise<void> {
  switch (channel.kind) {
    case 'command':
      return runCommand(channel.command, notice, places.variables, limits.command)
    case 'email': {
      const password = channel.login === null ? null : await reveal(channel.login.password, places)
      return hiding([password], () => sendEmail(channel, password, notice, limits.network))
    }
    default: {
      const url = await reveal(channel.url, places)
      const token = channel.token === null ? null : await reveal(channel.token, places)
      if (!isAddress(url)) throw new Undelivered('what is there is no web address', { transient: false })
      return hiding([url, token], () => {
        const call = calls[channel.kind](new URL(url), notice)
        const headers = token === null ? {} : { authorization: `Bearer ${token}` }
        return post({ ...call, headers: { ...call.headers, ...headers } }, limits.network)
      })
    }
  }
}

const calls: Readonly<Record<HttpChannel['kind'], (url: URL, notice: Notice) => HttpCall>> = {
  webhook: webhookCall,
  slack: slackCall,
  discord: discordCall,
  teams: teamsCall,
  ntfy: ntfyCall,
  ping: pingCall,
}

async function hiding(secrets: readonly (string | null)[], work: () => Promise<void>): Promise<void> {
  const hidden = secrets.filter(secret => secret !== null)
  try {
    await work()
  } catch (error) {
    const transient = error instanceof Undelivered && error.transient
    const after = error instanceof Undelivered ? error.after : null
    const message = error instanceof Error ? error.message : String(error)
    throw new Undelivered(withoutSecrets(message, hidden), { transient, after })
  }
}
