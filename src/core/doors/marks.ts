import { plainShellWord } from '../shell-word.ts'

/** The second line of every file of ours begins so: by this a shim is known for one. */
export const shimMark = '# safe-compose shim'

/**
 * The name under which somebody else's plugin is kept beside ours, whose place ours has taken. The docker CLI takes every
 * file for a plugin whose name begins with `docker-`.
 */
export const keptPluginName = 'safe-compose-kept-docker-compose'

/** The name under which a shim of ours is kept that somebody has changed. */
export const changedShimName = (name: string): string => `safe-compose-changed-${name}`

/** Whether this text is a shim of ours. */
export function isShim(text: string): boolean {
  return text.startsWith('#!') && (text.split('\n', 2)[1] ?? '').startsWith(shimMark)
}

/** The Node and the program that a shim of ours starts; null for what is none. */
export function shimTargets(text: string): { readonly node: string; readonly program: string } | null {
  if (!isShim(text)) return null
  const [node, program] = ['node', 'program'].map(name => {
    const written = new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
    return written === undefined ? null : plainShellWord(written)
  })
  return node == null || program == null ? null : { node, program }
}
