import type { EmailChannel } from '../../model/channel.ts'
import { bodyOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import { Undelivered } from './undelivered.ts'

/**
 * Sends a notice as a mail, in plain text. Throws `Undelivered` with the server's own words, and when all of it takes
 * longer than `limit` milliseconds.
 */
export async function sendEmail(
  { host, port, security, login, from, to }: EmailChannel,
  password: string | null,
  notice: Notice,
  limit: number,
): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login === null || password === null ? {} : { auth: { user: login.user, pass: password } }),
    connectionTimeout: limit,
    greetingTimeout: limit,
    socketTimeout: limit,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Undelivered(`no answer within ${limit / 1000} s`, { transient: true })),
      limit,
    )
  })
  try {
    const sending = transport.sendMail({
      from,
      to: [...to],
      subject: notice.summary,
      text: [notice.summary, '', ...bodyOf(notice), ''].join('\n'),
      // Nobody answers it, and no holiday notice comes back.
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    sending.catch(() => {})
    await Promise.race([sending, late])
  } catch (error) {
    throw error instanceof Undelivered ? error : undeliveredBy(error)
  } finally {
    clearTimeout(timer)
    transport.close()
  }
}

/** Of an SMTP answer 4xx is for the moment and 5xx for good; what has no answer is a matter of the network. */
function undeliveredBy(error: unknown): Undelivered {
  const { code, responseCode, message } = error as Error & { code?: string; responseCode?: number }
  const transient = responseCode === undefined ? code !== 'EAUTH' : responseCode < 500
  const why = code === 'ECONNREFUSED' || /ECONNREFUSED/.test(message) ? 'the connection was refused' : message
  return new Undelivered(why.replaceAll(/\s+/g, ' ').slice(0, 200), { transient })
}
