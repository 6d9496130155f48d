import { PassThrough } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { InsideProcess } from '../../model/ports.ts'
import type { Session } from './session.ts'

/** What of a program's complaints is kept, in characters: the end, where the reason stands. */
const complaintsAtMost = 16 * 1024

/**
 * Starts a program in a running container, without a terminal (which would change the bytes). Throws `not-possible`
 * when the container does not run or is paused.
 */
export async function startInside(
  session: Session,
  container: string,
  command: readonly string[],
  options: { readonly variables?: Readonly<Record<string, string>>; readonly user?: string } = {},
): Promise<InsideProcess> {
  const { variables = {}, user = '' } = options
  const { body } = await session.call<{ Id: string }>({
    method: 'POST',
    path: `/containers/${container}/exec`,
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Cmd: command,
      Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      ...(user === '' ? {} : { User: user }),
    },
    doing: 'run a program in a container',
  })
  const line = await session.connection.attach({
    method: 'POST',
    path: `/exec/${body.Id}/start`,
    body: { Detach: false, Tty: false },
    doing: 'run a program in a container',
  })
  return processOf(session, body.Id, line)
}

function processOf(session: Session, id: string, line: Duplex): InsideProcess {
  const stdout = new PassThrough({ highWaterMark: 1 << 20 })
  stdout.on('error', () => {}) // Told by `ended`.
  line.on('error', () => {})
  let complaints = ''
  const separated = separate(line, {
    stdout: chunk => giveTo(stdout, chunk),
    stderr: chunk => {
      complaints = (complaints + chunk.toString('utf8')).slice(-complaintsAtMost)
    },
  })
  const ended = (async () => {
    try {
      await separated
      // Only now: while the streams are open it may still run.
      const code = await exitCode(session, id)
      stdout.end()
      return { code, stderr: complaints.trim() }
    } catch (error) {
      const lost = session.connection.lost(error)
      stdout.destroy(lost)
      throw lost
    } finally {
      line.destroy()
    }
  })()
  ended.catch(() => {})
  return { stdin: line, stdout, ended, hangUp: () => void line.destroy() }
}

async function exitCode(session: Session, id: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { body } = await session.call<{ Running: boolean; ExitCode: number | null }>({
      path: `/exec/${id}/json`,
      doing: 'tell how a program in a container ended',
    })
    if (!body.Running && body.ExitCode !== null) return body.ExitCode
    // The streams end a moment before the program is seen to.
    if (attempt > 100) throw new Error('a program in a container closed its output and goes on')
    await new Promise(resolve => setTimeout(resolve, Math.min(10 * attempt, 200)))
  }
}

/** Waits where the reader is slow, so that nothing piles up in memory. A reader that went away takes no more. */
async function giveTo(stream: PassThrough, chunk: Buffer): Promise<void> {
  if (stream.destroyed || stream.write(chunk)) return
  await new Promise<void>(resolve => {
    const done = (): void => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}

/**
 * Takes the two outputs of a program apart: each piece begins with its number (1 or 2), three zeros and its length.
 * Rejects when the line breaks off in the middle of a piece.
 */
export async function separate(
  line: AsyncIterable<Buffer>,
  to: {
    readonly stdout: (chunk: Buffer) => Promise<void> | void
    readonly stderr: (chunk: Buffer) => Promise<void> | void
  },
): Promise<void> {
  let head: Buffer = Buffer.alloc(0)
  let left = 0
  let output: 1 | 2 = 1
  for await (const chunk of line) {
    let rest = chunk
    while (rest.length > 0) {
      if (left === 0) {
        const wanted = 8 - head.length
        head = Buffer.concat([head, rest.subarray(0, wanted)])
        rest = rest.subarray(wanted)
        if (head.length < 8) break
        output = head[0] === 2 ? 2 : 1
        left = head.readUInt32BE(4)
        head = Buffer.alloc(0)
        continue
      }
      const piece = rest.subarray(0, left)
      await (output === 2 ? to.stderr : to.stdout)(piece)
      left -= piece.length
      rest = rest.subarray(piece.length)
    }
  }
  if (left > 0 || head.length > 0) throw new Error('the output of a program in a container broke off')
}
