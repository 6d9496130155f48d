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
  let text = ''
  const add = (chunk: Buffer): void => {
    text += chunk.toString('utf8')
  }
  try {
    await separate(response, { stdout: add, stderr: add })
  } catch (error) {
    throw session.connection.lost(error)
  }
  return text
}
