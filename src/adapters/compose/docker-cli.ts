import { spawn } from 'node:child_process'
import type { Docker } from '../../model/ports.ts'
import { childVariables } from './found-variables.ts'
import { collect } from './own-process.ts'
import { runCompose, type Run } from './pass-through.ts'
import type { Program } from './program.ts'

/** The docker CLI behind its port. It is looked for when it is needed; `find` throws where there is none. */
export function openDocker(find: () => Program, run: Run): Omit<Docker, 'pruneFilters'> {
  return {
    run: argv => runCompose(find(), argv, run),
    call: async argv => {
      const found = find()
      const child = spawn(found.program, [...found.prefixArgs, ...argv], {
        argv0: found.calledAs,
        env: childVariables(found, run.variables),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = new Promise<number>(resolve => {
        child.once('error', () => resolve(127))
        child.once('close', code => resolve(code ?? 255))
      })
      const [code, stdout] = await Promise.all([ended, collect(child.stdout)])
      return { code, stdout: stdout.toString() }
    },
  }
}
