import { Readable, finished } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { Stop } from '../../model/failure.ts'
import type { Session } from './session.ts'

/** How much may come before it is asked for: the engine sends small pieces, and each stop and go costs. Bytes. */
const ahead = 1 << 20

/**
 * The engine only logs what it cannot read and lets the stream end: without the two blocks of zeros at its end the tar
 * is not whole.
 */
export function wholeTar(
  session: Session,
  response: IncomingMessage,
  name: string,
): { readonly stream: Readable; readonly done: Promise<void> } {
  let zeros = 0
  const stream = new Readable({
    highWaterMark: ahead,
    read: () => void response.resume(),
    destroy: (error, destroyed) => {
      response.destroy()
      destroyed(error)
    },
  })
  response.pause()
  response.on('data', (chunk: Buffer) => {
    zeros = zerosAfter(zeros, chunk)
    if (!stream.push(chunk)) response.pause()
  })
  response.once('end', () => {
    if (response.complete && zeros >= 1024) stream.push(null)
    else stream.destroy(cutShort(session, response, name))
  })
  response.once('error', error => stream.destroy(session.connection.lost(error)))
  response.once('close', () => {
    if (!response.complete) stream.destroy(cutShort(session, response, name))
  })
  const done = promisify(finished)(stream)
  done.catch(() => {}) // The stream's own error may be handled first.
  return { stream, done }
}

function cutShort(session: Session, response: IncomingMessage, name: string): Stop {
  if (!response.complete) return session.connection.lost(new Error('its answer broke off'))
  return new Stop({
    reason: 'not-possible',
    what: `the engine could not read all of ${name}; its own log says why`,
    how: 'look into the log of the engine (journalctl -u docker), then run the command again',
  })
}

/** How many zero bytes stand at the end, given how many stood there before this chunk. */
function zerosAfter(before: number, chunk: Buffer): number {
  let count = 0
  while (count < chunk.length && count < 1024 && chunk[chunk.length - 1 - count] === 0) count++
  return count === chunk.length ? before + count : count
}
