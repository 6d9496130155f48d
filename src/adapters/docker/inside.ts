import { Stop } from '../../model/failure.ts'
import type { Inside, InsideProcess } from '../../model/ports.ts'
import { startInside } from './exec.ts'
import { inspectContainer } from './inspect.ts'
import type { Session } from './session.ts'

/** More than any list of tables; a program that prints without an end must not fill the memory. Bytes. */
const outputAtMost = 64 << 20

/** A way into a container, through its own shell. */
export function insideOf(session: Session, container: string): Inside {
  const start: Inside['start'] = (line, options = {}) =>
    startInside(session, container, ['sh', '-c', line], options)
  return {
    start,
    run: async (line, { input, ...options } = {}) => {
      const program = await start(line, options)
      const [stdout, { code, stderr }] = await Promise.all([
        textOf(program),
        program.ended,
        give(program, input ?? ''),
      ])
      return { code, stdout, stderr }
    },
    commandLine: async () => {
      const inspected = await inspectContainer(session, container)
      return inspected === null ? [] : [inspected.Path, ...inspected.Args]
    },
  }
}

/** A program that ends before it has read everything closes its side: how it ended tells why. */
function give({ stdin }: InsideProcess, input: string): Promise<void> {
  return new Promise(resolve => {
    stdin.once('error', () => resolve())
    stdin.end(input, () => resolve())
  })
}

async function textOf(program: InsideProcess): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of program.stdout) {
    bytes += (chunk as Buffer).length
    if (bytes > outputAtMost) {
      program.hangUp()
      throw new Stop({
        reason: 'not-possible',
        what: `a program in a container printed more than ${outputAtMost >> 20} MB`,
        how: 'look at what its shell prints when it starts',
      })
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
