import { Transform, finished } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { Stop } from '../../model/failure.ts'
import type { Session } from './session.ts'

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
  const tail = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      zeros = zerosAfter(zeros, chunk)
      next(null, chunk)
    },
    flush(next) {
      const whole = response.complete && zeros >= 1024
      next(whole ? null : cutShort(session, response, name))
    },
  })
  response.once('error', error => tail.destroy(session.connection.lost(error)))
  response.once('close', () => {
    if (!response.complete) tail.destroy(cutShort(session, response, name))
  })
  response.pipe(tail)
  tail.once('close', () => response.destroy())
  const done = promisify(finished)(tail)
  done.catch(() => {}) // The stream's own error may be handled first.
  return { stream: tail, done }
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
