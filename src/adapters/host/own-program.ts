import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getAsset, isSea } from 'node:sea'
import { childWord } from '../../core/child-word.ts'

/** How this program and its children are started, and what it brings along. */
export interface OwnProgram {
  /** Starts it again: words of ours follow. */
  readonly command: readonly [string, ...string[]]
  readonly child: (name: 'guardian' | 'age' | 'sqlite') => {
    readonly program: string
    readonly args: readonly string[]
  }
  /** The text of a file of the bundle; null where there is none. */
  readonly read: (name: string) => Promise<string | null>
}

/**
 * As a package it is a script for Node, with its files beside it; as a single executable it starts itself, and its files
 * are in it.
 *
 * @param from.node the program that runs us
 * @param from.folder of the package
 * @param from.bundle the folder of the bundle
 */
export function openOwnProgram(from: {
  readonly node: string
  readonly folder: string
  readonly bundle: string
}): OwnProgram {
  const { node, folder, bundle } = from
  if (isSea())
    return {
      command: [node],
      child: name => ({ program: node, args: [childWord, name] }),
      read: async name => assetText(name),
    }
  return {
    command: [node, '--', join(folder, 'bin', 'safe-compose.js')],
    child: name => ({ program: node, args: [join(bundle, `${name}.cjs`)] }),
    read: name => readFile(join(bundle, name), 'utf8').catch(() => null),
  }
}

function assetText(name: string): string | null {
  try {
    return getAsset(name, 'utf8')
  } catch {
    return null
  }
}
