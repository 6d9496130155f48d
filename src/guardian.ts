// The child that stands by while containers are stopped or paused. Its standard input is a pipe from the process that
// it guards: an order first, then either the word `disarm` or nothing but its end, which means that process is dead.
import { hostname } from 'node:os'
import { createInterface } from 'node:readline'
import { openPlainCall } from './adapters/docker/plain-call.ts'
import { putBack } from './adapters/docker/put-back.ts'
import type { GuardianOrder } from './adapters/docker/put-back.ts'

const deceased = { host: hostname(), pid: process.ppid }

let order: GuardianOrder | null = null
let disarmed = false

// Whoever ends the terminal or the group means the guarded process, whose death is what this one waits for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const lines = createInterface({ input: process.stdin })
lines.on('line', line => {
  if (line === 'disarm') disarmed = true
  else if (order === null) {
    order = JSON.parse(line) as GuardianOrder
    process.stdout.on('error', () => {}) // Nobody may be there to hear it any more.
    process.stdout.write('ready\n')
  }
})
lines.once('close', () => {
  if (order === null || disarmed) return
  void standIn(order)
})

async function standIn({ endpoint, ran }: GuardianOrder): Promise<void> {
  const { call, close } = openPlainCall(endpoint, process.env as Record<string, string>)
  try {
    const troubles = await putBack(call, ran, deceased)
    if (troubles.length > 0) process.exitCode = 1
  } finally {
    close()
  }
}
