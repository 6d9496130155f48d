import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Displaced } from './displaced.ts'
import { escapeName } from './escape.ts'
import { isSamePath } from './expected-mount.ts'
import { listed } from './format.ts'

/**
 * Why the file may say something else today although nobody edited it: other Compose files than those the container
 * was made from, or a variable that is not set. Null where there is no sign of either.
 */
export function driftBehind(facts: Facts, displaced: Displaced): string | null {
  return unsetVariable(facts, displaced) ?? otherFiles(facts, displaced)
}

function unsetVariable(facts: Facts, { expected }: Displaced): string | null {
  const unset = unsetVariables(facts.modelWarnings)
  if (unset.length === 0 || expected.name === null) return null
  if (expected.kind === 'volume' && !hasEmptyPart(expected.name, facts.project.name)) return null
  const are = unset.length === 1 ? 'is' : 'are'
  return `${listed(unset)} ${are} not set, so the file now says ${escapeName(expected.name)}`
}

/** The names in Compose's own warnings: `The "STAGE" variable is not set. Defaulting to a blank string.` */
export function unsetVariables(warnings: string): readonly string[] {
  const found = warnings.matchAll(/The \\?"?(\w+)\\?"? variable is not set/g)
  return [...new Set([...found].map(match => match[1] ?? ''))]
}

/** `shop__pg`, `_pg`, `pg-`: what is left of a name when a part of it was blank. */
function hasEmptyPart(name: string, project: string): boolean {
  const own = name.startsWith(`${project}_`) ? name.slice(project.length + 1) : name
  return /^[_.-]|[_.-]$|[_.-]{2}/.test(own)
}

function otherFiles(facts: Facts, { container }: Displaced): string | null {
  if (container === null || !readsOtherFiles(facts, container)) return null
  const [made, read] = filesOf(facts, container)
  return `its container was made from ${listed(made.map(escapeName))}, and this run reads ${listed(read.map(escapeName))}`
}

/** Whether this run reads other Compose files than a container was made from, each seen from its own directory. */
export function readsOtherFiles(facts: Facts, container: ContainerFact): boolean {
  const [made, read] = filesOf(facts, container)
  return made.length > 0 && read.length > 0 && !isSameList(made, read)
}

function filesOf(facts: Facts, container: ContainerFact): readonly [readonly string[], readonly string[]] {
  const made = container.configFiles.map(file => withinDirectory(file, container.workingDirectory ?? ''))
  const read = facts.project.files.map(file => withinDirectory(file, facts.project.directory ?? ''))
  return [made, read]
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((file, index) => isSamePath(file, b[index] ?? ''))
}

function withinDirectory(file: string, directory: string): string {
  const inside = file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file
  return inside.replace(/^\.\//, '')
}
