import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isSea } from 'node:sea'
import type { OwnStart } from '../../model/doors.ts'

/** Node, and all files that are run where it starts us. */
export function ownFiles({ node, program, dockerProgram }: OwnStart, folder: string): readonly string[] {
  if (isSea()) return [node, ...(existsSync(dockerProgram) ? [dockerProgram] : [])]
  const bundle = join(folder, 'dist')
  return [node, program, dockerProgram, ...readdirSync(bundle).map(name => join(bundle, name))]
}

/** Where Node stands under a name that stays when it is updated. */
const lastingNames = ['/usr/local/bin/node', '/usr/bin/node', '/opt/homebrew/bin/node']

/**
 * How files that outlive this run start us. A single executable is its own Node, as `single.ts` takes it; `safe-docker`
 * is a link beside it.
 *
 * @param from.node the Node that runs
 * @param from.folder of our package
 */
export function ownStart(from: { readonly node: string; readonly folder: string }): OwnStart {
  if (isSea())
    return { node: from.node, program: from.node, dockerProgram: join(dirname(from.node), 'safe-docker') }
  const node = lastingNames.find(name => leadsTo(name, from.node)) ?? from.node
  const [program, dockerProgram] = ['safe-compose.js', 'safe-docker.js'].map(name =>
    join(from.folder, 'bin', name),
  ) as [string, string]
  return { node, program, dockerProgram }
}

function leadsTo(name: string, node: string): boolean {
  try {
    return realpathSync(name) === node
  } catch {
    return false
  }
}
