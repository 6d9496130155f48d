// The beginning of the single executable: the files of the bundle are assets in it, each loaded when it is asked for.
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, isAbsolute } from 'node:path'
import { getAsset } from 'node:sea'
import { compileFunction } from 'node:vm'
import { childWord } from './core/child-word.ts'

const ownRequire = createRequire(process.execPath)
const loaded = new Map<string, { exports: unknown }>()

function load(name: string): unknown {
  const known = loaded.get(name)
  if (known !== undefined) return known.exports
  const module = { exports: {} as unknown }
  loaded.set(name, module)
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname']
  const run = compileFunction(getAsset(name, 'utf8'), parameters, { filename: name })
  run.call(module.exports, module.exports, required, module, process.execPath, dirname(process.execPath))
  return module.exports
}

function required(id: string): unknown {
  return id.startsWith('./') ? load(id.slice(2)) : ownRequire(id)
}

/**
 * What is to be run of the bundle, by the name of the call. Files that outlive a run call us as they would call Node, with
 * our own file as its script (see adapters/doors/own-start.ts).
 */
function entryOf(
  calledAs: string,
  words: readonly string[],
): { readonly entry: string; readonly taken: number } {
  const [first, second = ''] = words
  if (first === childWord) return { entry: second, taken: 2 }
  const asNode = first === '--' && isAbsolute(second) && isOurs(second)
  const name = basename(asNode ? second : calledAs)
  return { entry: name === 'safe-docker' ? name : 'safe-compose', taken: asNode ? 2 : 0 }
}

function isOurs(path: string): boolean {
  try {
    return realpathSync(path) === process.execPath
  } catch {
    return false
  }
}

// In the place of a script stands what was typed to call it, which leads nowhere by itself.
const { entry, taken } = entryOf(process.argv[1] ?? '', process.argv.slice(2))
process.argv.splice(1, 1 + taken, process.execPath)
load(`${entry}.cjs`)
