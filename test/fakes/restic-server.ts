import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { prepareRestic } from '../engine/restic.ts'

/** One of rclone's servers on a folder of this machine. */
export interface ResticServer {
  readonly port: number
  readonly start: () => Promise<void>
  /** As if its machine had gone: nothing is said to anybody. */
  readonly stop: () => Promise<void>
}

/** `kind` and `args` as `rclone serve` has them; it listens on the same port whenever it is started. */
export async function resticServer(
  kind: 'restic' | 'sftp',
  args: readonly string[],
  folder: string,
): Promise<ResticServer> {
  const { rclone } = await prepareRestic()
  const port = await freePort()
  let stop = async (): Promise<void> => {}
  return {
    port,
    start: async () => {
      const server = spawn(rclone, ['serve', kind, '--addr', `127.0.0.1:${port}`, ...args, folder], {
        env: { PATH: process.env['PATH'] ?? '', HOME: folder, RCLONE_CONFIG: '/dev/null' },
        stdio: 'ignore',
      })
      const ended = new Promise<void>(resolve => server.once('close', () => resolve()))
      stop = async () => {
        server.kill('SIGKILL')
        await ended
      }
      await answering(port)
    },
    stop: () => stop(),
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => server.close(() => resolve()))
  return port
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answers = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (answers) return
    await setTimeout(50)
  }
  throw new Error(`nothing answers at port ${port}`)
}
