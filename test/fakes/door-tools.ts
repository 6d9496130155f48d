import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDoorFiles } from '../../src/adapters/doors/files.ts'
import { whyNotForAll } from '../../src/adapters/doors/for-all.ts'
import { openDoorRecord } from '../../src/adapters/doors/record.ts'
import { startUpFile } from '../../src/adapters/doors/start-up-file.ts'
import type { DoorTools } from '../../src/commands/door-tools.ts'
import { doorsTable } from '../../src/ui/doors-table.ts'
import { aDoorSurvey } from './doors.ts'

/** What `install` and `uninstall` get in a home of its own, with real files. What they print is kept. */
export function doorToolsIn(
  home: string,
  changes: Partial<DoorTools> = {},
): { readonly tools: DoorTools; readonly printed: string[] } {
  const printed: string[] = []
  // Whoever wrote before is gone.
  const writer = { pid: process.pid, runs: () => false }
  const state = join(home, '.local/state/safe-compose')
  const tools: DoorTools = {
    files: openDoorFiles(writer),
    record: openDoorRecord(join(state, 'doors.json'), writer),
    survey: async () => aDoorSurvey(),
    start: { node: process.execPath, program: ours('safe-compose'), dockerProgram: ours('safe-docker') },
    version: '1.2.3',
    places: {
      home,
      userPlugins: join(home, '.docker/cli-plugins'),
      systemPlugins: join(home, 'system/cli-plugins'),
      shims: join(state, 'path'),
      startUpFile: shell => startUpFile(shell, { variables: { ZDOTDIR: home }, home, platform: 'linux' }),
      resolve: path => resolve(home, path),
    },
    realPlugin: () => null,
    ownFiles: () => [],
    isForAll: () => false,
    whyNotForAll,
    shell: 'bash',
    audience: 'person',
    print: text => void printed.push(text),
    table: doorsTable,
    ...changes,
  }
  return { tools, printed }
}

function ours(name: string): string {
  return fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url))
}
