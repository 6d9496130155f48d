import { Stop } from '../../../model/failure.ts'
import { added, memberOf, readJson, removed, valueOf } from './json-text.ts'
import type { JsonArray, JsonNode, JsonObject } from './json-text.ts'

/** How an agent's JSON settings have a hook in them. */
export interface HookShape {
  /** Below `hooks`. */
  readonly event: string
  /** The entry in that event's list. */
  readonly entry: (command: string) => unknown
  /** What else the file must say at its root. */
  readonly root: Readonly<Record<string, unknown>>
}

/**
 * The settings with our hook in them, behind those of others; the same text where it is there already. Comments, order
 * and layout stay. Throws `not-possible` where the text is no JSON, or has something else in that place.
 *
 * @param text null where there is no such file
 * @param command what the agent runs
 */
export function withHook(text: string | null, command: string, shape: HookShape): string {
  const entry = shape.entry(command)
  if (text === null || text.trim() === '')
    return `${JSON.stringify({ ...shape.root, hooks: { [shape.event]: [entry] } }, null, 2)}\n${text ?? ''}`
  const ours = findOurs(rootOf(text), shape)
  if (ours.some(each => JSON.stringify(valueOf(each)) === JSON.stringify(entry))) return text
  const before = ours.length === 0 ? text : (withoutHook(text, shape) ?? '{}')
  const complete = Object.entries(shape.root).reduce(
    (done, [key, value]) =>
      memberOf(rootOf(done), key) === undefined ? withMember(done, rootOf(done), key, value) : done,
    before,
  )
  return withEntry(complete, entry, shape)
}

/**
 * The settings without our hook; null where nothing but what we placed is in them. What was placed is taken back byte
 * for byte where nothing else has changed since.
 */
export function withoutHook(text: string, shape: HookShape): string | null {
  const [ours] = findOurs(rootOf(text), shape)
  if (ours === undefined) return text
  const command = commandIn(valueOf(ours))
  // Of what may have been there before we came, the one that leads to this text when the hook is placed.
  const steps = formerTexts(text, shape)
  const former = [null, ...steps.flatMap(each => [...withoutRoot(each, shape), each])]
  const proven = former.find(each => command !== null && placedIn(each, command, shape) === text)
  if (proven !== undefined) return proven
  const rest = steps[0] ?? text
  const again = findOurs(rootOf(rest), shape).length === 0 ? rest : (withoutHook(rest, shape) ?? '{}')
  return isEmpty(again, shape) ? null : again
}

/** Whether our hook is in these settings. */
export function hasHook(text: string, shape: HookShape): boolean {
  return findOurs(rootOf(text), shape).length > 0
}

function placedIn(text: string | null, command: string, shape: HookShape): string | null {
  try {
    return withHook(text, command, shape)
  } catch {
    return null
  }
}

/** What is left when our entry goes, and with it, one after the other, what would then be empty; the most first. */
function formerTexts(text: string, shape: HookShape): readonly string[] {
  const root = rootOf(text)
  const [ours] = findOurs(root, shape)
  const list = listOf(root, shape)
  if (ours === undefined || list === null) return []
  const without = removed(text, list, list.items.indexOf(ours))
  const withoutList = pruned(without, ['hooks', shape.event])
  const withoutHooks = withoutList === null ? null : pruned(withoutList, ['hooks'])
  return [withoutHooks, withoutList, without].filter(each => each !== null)
}

/** Without what we may have added at the root. */
function withoutRoot(text: string, shape: HookShape): readonly string[] {
  return Object.keys(shape.root).flatMap(key => {
    const root = rootOf(text)
    const index = root.members.findIndex(each => each.key === key)
    return index < 0 ? [] : [removed(text, root, index)]
  })
}

/** Without the member at this path; null where it is not empty. */
function pruned(text: string, path: readonly string[]): string | null {
  const parents = path.slice(0, -1)
  const container = parents.reduce<JsonNode | undefined>(
    (node, key) => memberOf(node, key)?.value,
    rootOf(text),
  )
  const key = path.at(-1) ?? ''
  const value = memberOf(container, key)?.value
  if (container?.kind !== 'object' || value === undefined || !isBare(value)) return null
  return removed(
    text,
    container,
    container.members.findIndex(each => each.key === key),
  )
}

function isBare(node: JsonNode): boolean {
  return (
    (node.kind === 'object' && node.members.length === 0) ||
    (node.kind === 'array' && node.items.length === 0)
  )
}

function isEmpty(text: string, shape: HookShape): boolean {
  const rest = rootOf(text).members.filter(({ key }) => !(key in shape.root))
  return rest.length === 0 && !/\/[/*]/.test(text)
}

function withEntry(text: string, entry: unknown, shape: HookShape): string {
  const root = rootOf(text)
  const hooks = memberOf(root, 'hooks')?.value
  if (hooks === undefined) return withMember(text, root, 'hooks', { [shape.event]: [entry] })
  if (hooks.kind !== 'object') throw unlike('hooks')
  const list = memberOf(hooks, shape.event)?.value
  if (list === undefined) return withMember(text, hooks, shape.event, [entry])
  if (list.kind !== 'array') throw unlike(`hooks.${shape.event}`)
  return added(text, list, newLine => laidOut(text, entry, newLine))
}

function withMember(text: string, container: JsonObject, key: string, value: unknown): string {
  return added(text, container, newLine => `${JSON.stringify(key)}: ${laidOut(text, value, newLine)}`)
}

/** On one line, or with the indentation of the file. */
function laidOut(text: string, value: unknown, newLine: string | null): string {
  if (newLine === null) return JSON.stringify(value)
  const unit = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  '
  return JSON.stringify(value, null, unit).replaceAll('\n', newLine)
}

function findOurs(root: JsonObject, shape: HookShape): readonly JsonNode[] {
  return (listOf(root, shape)?.items ?? []).filter(item => commandIn(valueOf(item)) !== null)
}

function listOf(root: JsonObject, shape: HookShape): JsonArray | null {
  const list = memberOf(memberOf(root, 'hooks')?.value, shape.event)?.value
  return list?.kind === 'array' ? list : null
}

/** The command of ours that is in an entry, wherever the agent has it. */
function commandIn(entry: unknown): string | null {
  if (typeof entry === 'string') return /\bsafe-compose\b.* hook --agent \w+/.test(entry) ? entry : null
  if (typeof entry !== 'object' || entry === null) return null
  for (const value of Object.values(entry)) {
    const found = commandIn(value)
    if (found !== null) return found
  }
  return null
}

function rootOf(text: string): JsonObject {
  try {
    const root = readJson(text)
    if (root.kind === 'object') return root
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Stop({
      reason: 'not-possible',
      what: `the settings are no JSON: ${error.message}`,
      how: 'mend the file, then try again; nothing was changed',
    })
  }
  throw unlike('the whole of it')
}

function unlike(place: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `the settings have something else where hooks belong (${place})`,
    how: 'see what it is; nothing was changed',
  })
}
