import { expect } from 'vitest'
import { eventually } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** No container and no volume is there for a run that is dead. Those of runs that live are theirs: tests run side by side. */
export async function nothingIsLeft(project: Scenario): Promise<void> {
  await eventually(async () => {
    expect((await holders(project)).filter(pid => !isAlive(pid))).toEqual([])
    return true
  })
}

/** The processes whose containers and volumes are on the engine. */
export async function holders(project: Scenario): Promise<readonly number[]> {
  const words = ['--filter', 'label=dev.safe-compose.helper', '--format', '{{.Labels}}']
  const listed = await Promise.all([
    project.docker(['ps', '-a', ...words]),
    project.docker(['volume', 'ls', ...words]),
  ])
  return listed.flatMap(({ stdout }) => [...stdout.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid)))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
