import type { IncomingMessage } from 'node:http'
import { Undelivered } from './undelivered.ts'

/** One call of a web address. */
export interface HttpCall {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers that may be others a moment later. */
const transientStatus: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** So much of an answer is read; of a refusal it says why. */
const readAtMost = 2000

/**
 * Sends a POST and resolves when the answer is a success. Throws `Undelivered`, with the host and what was answered; all
 * of it takes at most `limit` milliseconds. A redirection is no success: it could lead anywhere.
 */
export async function post({ url, headers, body }: HttpCall, limit: number): Promise<void> {
  // Loaded here, since they are only needed when there is something to tell.
  const { request } = url.protocol === 'http:' ? await import('node:http') : await import('node:https')
  const bytes = Buffer.from(body)
  let response: IncomingMessage
  let said = ''
  try {
    response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': bytes.length,
          'user-agent': 'safe-compose',
          ...headers,
        },
        agent: false,
        signal: AbortSignal.timeout(limit),
      })
      sent.on('error', reject)
      sent.on('response', resolve)
      sent.end(bytes)
    })
    said = await beginningOf(response)
  } catch (error) {
    throw new Undelivered(reasonOf(error as NodeJS.ErrnoException, limit), { transient: true })
  }
  response.destroy()
  if (isSuccess(response)) return
  const status = response.statusCode ?? 0
  throw new Undelivered(refusalOf(response, said), {
    transient: transientStatus.has(status),
    after: retryAfter(response),
  })
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

/** What broke off while it was read is as good as read. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const part of response) {
      text += String(part)
      if (text.length > readAtMost) break
    }
  } catch {
    return text
  }
  return text
}

function refusalOf({ statusCode, statusMessage, headers }: IncomingMessage, said: string): string {
  const status = `it answered ${statusCode} ${statusMessage ?? ''}`.trim()
  if (headers.location !== undefined) return `${status}: the address has moved`
  // A page for people says no more than its number.
  const line = said.trim().startsWith('<') ? '' : said.trim().replaceAll(/\s+/g, ' ').slice(0, 120)
  return line === '' ? status : `${status}: ${line}`
}

/** Seconds, or a date, as HTTP has it. */
function retryAfter({ headers }: IncomingMessage): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}

function reasonOf({ code, message }: NodeJS.ErrnoException, limit: number): string {
  switch (code) {
    case 'ABORT_ERR':
      return `no answer within ${limit / 1000} s`
    case 'ECONNREFUSED':
      return 'the connection was refused'
    case 'ECONNRESET':
      return 'the connection broke off'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host, or no network'
    default:
      return code ?? message
  }
}
