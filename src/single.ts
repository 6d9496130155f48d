// The beginning of the single executable: the files of the bundle are assets in it, each loaded when it is asked for.
import { createRequire } from 'node:module'
import { basename, dirname } from 'node:path'
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

// Here stands what was typed to call it, which leads nowhere by itself.
const calledAs = basename(process.argv[1] ?? '')
process.argv[1] = process.execPath
const [word, child = ''] = process.argv.slice(2)
if (word === childWord) process.argv.splice(2, 2)
const entry = calledAs === 'safe-docker' ? 'safe-docker' : 'safe-compose'
load(`${word === childWord ? child : entry}.cjs`)
