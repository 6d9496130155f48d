import { Readable } from 'node:stream'
import { separate } from './exec.ts'
import type { Session } from './session.ts'

/** The last lines that a container said; empty for one that is gone. */
export async function lastLogs(session: Session, id: string): Promise<string> {
  const response = await session.connection.open({
    path: `/containers/${id}/logs`,
    query: { stdout: '1', stderr: '1', tail: '20' },
    doing: 'read what a container said',
    accept: [404],
  })
  if (response.statusCode === 404) {
    response.destroy()
    return ''
  }
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return await textOf(Buffer.concat(chunks))
  } catch (error) {
    throw session.connection.lost(error)
  }
}

/** Outputs come apart, each piece behind a head of its own; what a container with a terminal said comes as it is. */
async function textOf(said: Buffer): Promise<string> {
  const isApart = said.length >= 8 && (said[0] ?? 0) <= 2 && said.readUIntBE(1, 3) === 0
  if (!isApart) return said.toString('utf8')
  const pieces: Buffer[] = []
  const add = (piece: Buffer): void => void pieces.push(piece)
  await separate(Readable.from([said]), { stdout: add, stderr: add })
  return Buffer.concat(pieces).toString('utf8')
}
