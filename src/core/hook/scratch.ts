import type { Invocation } from '../../model/invocation.ts'
import { globalList, globalText } from '../invocation.ts'
import type { FoundCommand } from './find-commands.ts'

/** A project that was made to be thrown away, as far as its name tells. Whether it is one, its files tell. */
export interface Scratch {
  readonly project: string
  /** The Compose files that the line names; empty where Compose looks for them itself. */
  readonly files: readonly string[]
  /** Where it looks for them; null where that is not known. */
  readonly directory: string | null
}

/** `-p scratch-7f3a … down -v`, the way that refusals recommend; null for every other line. */
export function scratchProject(invocation: Invocation | null, command: FoundCommand): Scratch | null {
  if (invocation?.command[0] !== 'down') return null
  const project =
    globalText(invocation, 'project-name') ?? command.variables.get('COMPOSE_PROJECT_NAME') ?? ''
  if (!isScratchName(project)) return null
  return {
    project,
    files: globalList(invocation, 'file'),
    directory: globalText(invocation, 'project-directory') === null ? command.directory : null,
  }
}

/** `volume rm scratch-7f3a_pgdata`: nothing but volumes of such projects. */
export function removesScratchOnly(words: readonly string[]): boolean {
  const [group, verb, ...rest] = words
  if (group !== 'volume' || (verb !== 'rm' && verb !== 'remove')) return false
  const names = rest.filter(word => !word.startsWith('-'))
  return names.length > 0 && names.every(name => isScratchName(name) && name.includes('_'))
}

function isScratchName(name: string): boolean {
  return /^scratch-[a-z0-9_-]+$/.test(name)
}

/**
 * Whether a project of another name might share volumes with others all the same: its file gives them names of their
 * own, or takes in other files. Told from the lines of the text, without reading it as YAML; in doubt it does.
 */
export function sharesVolumes(text: string): boolean {
  if (/^\s*include\s*:|^\s*extends\s*:|^\s*["']?volumes["']?\s*:\s*[{&*!]/m.test(text)) return true
  const lines = text.split('\n')
  const start = lines.findIndex(line => /^["']?volumes["']?\s*:/.test(line))
  if (start < 0) return false
  const rest = lines.slice(start + 1)
  const end = rest.findIndex(line => /^[^\s#]/.test(line))
  const block = end < 0 ? rest : rest.slice(0, end)
  return block.some(line => /(^|[\s{,])["']?name["']?\s*:|[&*]\w|<<\s*:/.test(line.replace(/\s#.*$/, '')))
}
