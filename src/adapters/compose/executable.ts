import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Variables } from './own-process.ts'

/** Whether this is a file that may be run. Links are followed. */
export function isExecutable(path: string): boolean {
  return whyNotExecutable(path) === null
}

/** In words why a path cannot be run; null when it can. */
export function whyNotExecutable(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'there is no such file'
  if (!found.isFile()) return 'it is not a file'
  try {
    accessSync(path, constants.X_OK)
    return null
  } catch {
    return 'it is not executable'
  }
}

/** Where a program of this name stands on the PATH: all places, in order. A name with a slash is a path. */
export function findOnPath(name: string, variables: Variables, directory: string): readonly string[] {
  if (name.includes('/')) return [isAbsolute(name) ? name : resolve(directory, name)].filter(isExecutable)
  const folders = (variables['PATH'] ?? '').split(':')
  // An empty entry is the working directory, as the shell has it.
  return folders.map(folder => join(resolve(directory, folder), name)).filter(isExecutable)
}
