import { spawn } from 'node:child_process'
import { Stop } from '../../model/failure.ts'
import type { Guardian } from '../../model/ports.ts'
import { parseHost } from './endpoint.ts'
import type { Endpoint } from './endpoint.ts'
import type { GuardianOrder } from './put-back.ts'

/**
 * Starts the small child that puts things back if this process dies. It lives in a session of its own, so that what
 * ends our process group does not end it, and knows of our death by the end of the pipe between us.
 */
export function openGuardian(options: {
  /** What starts the child. */
  readonly program: string
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** How the engine is reached, where its host does not tell all (TLS). */
  readonly endpoint?: () => Promise<Endpoint>
}): Guardian {
  return {
    arm: async (host, ran) => {
      const touched = ran.filter(state => state.done !== 'nothing')
      // Nothing to put back: what else a dead run leaves, the next one clears.
      if (touched.length === 0) return { disarm: async () => {} }
      const endpoint = (await options.endpoint?.()) ?? parseHost(host, null)
      const order: GuardianOrder = { endpoint, ran: touched }
      const child = spawn(options.program, [...options.args], {
        cwd: '/',
        // Options meant for this process (debuggers, loaders) are not the child's.
        env: { ...options.variables, NODE_OPTIONS: '' },
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      const ended = new Promise<void>(resolve => void child.once('close', () => resolve()))
      child.stdin.on('error', () => {}) // It ended by itself; told where it matters.
      child.stdin.write(`${JSON.stringify(order)}\n`)
      await new Promise<void>((resolve, reject) => {
        child.once('error', error => reject(notStarted(error.message)))
        child.once('close', code => reject(notStarted(`it ended with code ${code}`)))
        child.stdout.once('data', () => resolve())
      })
      child.stdout.destroy()
      child.unref()
      return {
        disarm: async () => {
          child.stdin.end('disarm\n')
          child.ref()
          await ended
        },
      }
    },
  }
}

function notStarted(why: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `the process that would put things back if this one died could not be started: ${why}`,
    how: 'look whether the installation is whole (npm install safe-compose), then run the command again',
  })
}
