import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A mail that arrived: the words of its envelope, and its text as it travelled. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

export interface SmtpServer {
  readonly port: number
  readonly mails: Mail[]
  /** User and password of each login, by which mechanism ever. */
  readonly logins: string[]
  readonly close: () => void
}

/** A mail server that speaks just enough SMTP. `refuse`: its answer to a recipient, such as `450 later`. */
export async function startSmtpServer(refuse: string | null = null): Promise<SmtpServer> {
  const mails: Mail[] = []
  const logins: string[] = []
  const server = createServer(socket => {
    let pending = ''
    let from = ''
    let to: string[] = []
    let data: string | null = null
    const answer = (line: string): void => void socket.write(`${line}\r\n`)
    const take = (line: string): void => {
      if (data !== null) {
        if (line !== '.') data += `${line}\n`
        else {
          mails.push({ from, to, text: data })
          data = null
          answer('250 taken')
        }
        return
      }
      const [word, rest] = [line.slice(0, 4).toUpperCase(), line.slice(5)]
      if (word === 'EHLO') answer('250-here\r\n250 AUTH PLAIN')
      else if (word === 'AUTH') {
        const [, user, password] = Buffer.from(rest.split(' ')[1] ?? '', 'base64')
          .toString()
          .split('\0')
        logins.push(`${user} ${password}`)
        answer(password === 'wrong' ? `535 5.7.8 ${password} is not right` : '235 welcome')
      } else if (word === 'MAIL') {
        from = rest
        to = []
        answer('250 ok')
      } else if (word === 'RCPT') {
        to.push(rest)
        answer(refuse ?? '250 ok')
      } else if (word === 'DATA') {
        data = ''
        answer('354 go on')
      } else if (word === 'QUIT') socket.end('221 bye\r\n')
      else answer('502 not known here')
    }
    socket.on('error', () => {})
    socket.on('data', bytes => {
      pending += bytes.toString()
      const lines = pending.split('\r\n')
      pending = lines.pop() ?? ''
      lines.forEach(take)
    })
    answer('220 here')
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, mails, logins, close: () => server.close() }
}
