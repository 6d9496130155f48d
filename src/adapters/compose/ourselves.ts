import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { isSea } from 'node:sea'

/** Where this program stands: what its own file leads to, and the folder of the package that it belongs to. */
export interface Ourselves {
  readonly script: string
  /** As a single executable, itself: nothing beside it is ours. */
  readonly folder: string
}

/** @param script the file that was started, which lies in a folder of the package (`bin/`, `dist/`) or is all of it */
export function locateOurselves(script: string): Ourselves {
  const real = realpathSync(script)
  return { script: real, folder: isSea() ? real : dirname(dirname(real)) }
}

/**
 * Whether running this file would lead back to us: a link to us, another file of our package, or a small script that
 * starts us. A script by its text: the word `safe-compose` or `safe-docker`, or the file of that name, in its beginning.
 */
export function isOurselves(path: string, ourselves: Ourselves): boolean {
  const real = realpathSync(path)
  if (real === ourselves.script) return true
  if (real.startsWith(`${ourselves.folder}${sep}bin${sep}`)) return true
  if (real.startsWith(`${ourselves.folder}${sep}dist${sep}`)) return true
  const beginning = beginningOf(real)
  return isScript(beginning) && /(^|[\s/"'=])safe-(compose|docker)(\.c?js)?(?=$|[\s"';)&|])/m.test(beginning)
}

/** Whether a file is run by an interpreter, so that what it leads to cannot be told from the file alone. */
export function isScriptFile(path: string): boolean {
  return isScript(beginningOf(path))
}

/** A script in Python: Compose 1.29 is one. */
export function isPythonFile(path: string): boolean {
  return /^#!.*python/.test(beginningOf(path))
}

function isScript(beginning: string): boolean {
  return beginning.startsWith('#!')
}

function beginningOf(path: string): string {
  const buffer = Buffer.alloc(2048)
  const fd = openSync(path, 'r')
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
  } finally {
    closeSync(fd)
  }
}
