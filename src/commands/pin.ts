import { fileForPin, canonicalConfig, divergencesOf, unpinned, withPins } from '../core/pins.ts'
import type { Pin, VolumeDeclarations } from '../core/pins.ts'
import { escapeName } from '../core/escape.ts'
import { listed } from '../core/format.ts'
import { locateProject } from '../core/project.ts'
import { unifiedDiff } from '../core/unified-diff.ts'
import { Stop } from '../model/failure.ts'
import type { ContainerFact, Model, VolumeModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ModelAnswer } from '../model/ports.ts'
import type { Context } from './context.ts'

export interface PinOptions {
  /** Keys or names on the engine; none for all of the project. */
  readonly names: readonly string[]
  readonly external: boolean
  /** Only say what is unpinned. */
  readonly check: boolean
  /** Write without asking. */
  readonly yes: boolean
}

/**
 * `pin [VOLUME…]`: writes the names that the project's volumes have today into its Compose files, so that they stay
 * the same volumes when the directory, `-p` or the environment calls the project something else. With `check` it
 * writes nothing, and 1 says that something is unpinned.
 */
export async function pin(context: Context, project: Invocation, options: PinOptions): Promise<number> {
  const answer = await context.compose.model(project, { everything: true })
  if (!answer.ok)
    throw new Stop({
      reason: 'not-possible',
      what: `Compose cannot read the project: ${answer.error}`,
      how: 'correct what it names, then run the command again',
    })
  const { files } = await locateProject(project, context.variables, context.directory, context.files.readText)
  const declarations = await context.composeFiles.declarations(files)
  const open = unpinned(answer.model, declarations, options.external)
  const chosen =
    options.names.length === 0
      ? open
      : options.names.map(name => volumeNamed(answer.model, name)).filter(volume => open.includes(volume))
  if (options.check) return sayUnpinned(context, chosen)
  if (chosen.length === 0) {
    context.reporter.say({ type: 'pin', step: 'nothing', file: null, details: [] })
    return 0
  }
  refuseDiverged(answer.model, await containersIfAny(context), chosen)
  if (options.external) refuseDescribed(chosen)
  const pins = chosen.map(({ key, name }) => ({ key, volume: name, external: options.external }))
  if (await writePins(context, project, pins, options.yes)) return 0
  throw new Stop({ reason: 'declined' })
}

/**
 * The remedy `pin`: writes into the Compose file that a key means this volume from now on. Shows the change and asks.
 * True when the file was changed.
 */
export function pinVolume(
  context: Context,
  project: Invocation,
  { key, volume }: { readonly key: string; readonly volume: string },
): Promise<boolean> {
  return writePins(context, project, [{ key, volume, external: false }], false)
}

/** Shows the change, asks unless `yes`, writes it and has Compose confirm it. False when the person said no. */
async function writePins(
  context: Context,
  project: Invocation,
  pins: readonly Pin[],
  yes: boolean,
): Promise<boolean> {
  const prepared = await preparePins(context, project, pins)
  if (!(await askToWrite(context, prepared, yes))) return false
  await applyPins(context, project, prepared)
  return true
}

/** Changes of Compose files that are ready to be written. */
export interface PreparedPins {
  readonly pins: readonly Pin[]
  readonly before: ModelAnswer
  readonly changes: readonly { readonly file: string; readonly before: string; readonly after: string }[]
}

/** Works out the changes and shows them. Throws `not-possible` where one cannot be made safely. */
export async function preparePins(
  context: Context,
  project: Invocation,
  pins: readonly Pin[],
): Promise<PreparedPins> {
  const { composeFiles } = context
  const [before, place] = await Promise.all([
    context.compose.model(project, { everything: true }),
    locateProject(project, context.variables, context.directory, context.files.readText),
  ])
  const declarations = await composeFiles.declarations(place.files)
  const places = pins.map(pin => ({ pin, file: fileOf(declarations, pin) }))
  const changes: { file: string; before: string; after: string }[] = []
  for (const file of new Set(places.map(place => place.file))) {
    const own = places.filter(place => place.file === file).map(({ pin }) => pin)
    const text = await composeFiles.read(file)
    changes.push({ file, before: text, after: await composeFiles.pinned(file, text, own) })
  }
  for (const change of changes) {
    const details = unifiedDiff(shortPath(context.directory, change.file), change.before, change.after)
    context.reporter.say({ type: 'pin', step: 'change', file: change.file, details })
  }
  return { pins, before, changes }
}

function fileOf(declarations: readonly VolumeDeclarations[], pin: Pin): string {
  const file = fileForPin(pin.key, declarations)
  const unfollowed = declarations.flatMap(each => each.unfollowed)
  const isDeclared = declarations.some(({ volumes }) => volumes.some(({ key }) => key === pin.key))
  const line = `volumes: { ${pin.key}: { name: ${pin.volume} } }`
  if (file === null)
    throw new Stop({
      reason: 'not-possible',
      what: 'there is no Compose file that could be changed (standard input is none)',
      how: `write it by hand: ${line}`,
    })
  if (!isDeclared && unfollowed.length > 0)
    throw new Stop({
      reason: 'not-possible',
      what: `${pin.key} is declared in none of the files here; it may be in what they include: ${listed(unfollowed)}`,
      how: `write it there by hand: ${line}`,
    })
  return file
}

/** A script says --yes; a person sees the change and is asked. */
export async function askToWrite(
  context: Context,
  { changes }: PreparedPins,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true
  const names = listed(changes.map(({ file }) => shortPath(context.directory, file)))
  if (context.prompt !== null) return context.prompt.confirm(`Write this into ${names}?`)
  throw new Stop({
    reason: 'bad-usage',
    what: `nobody can be asked whether ${names} may be changed`,
    how: 'say --yes to write it without a question',
  })
}

/**
 * Writes the changes and asks Compose again: exactly the names may differ. Else, or if one cannot be written, every
 * file is put back. A copy of each is kept in our own state.
 */
export async function applyPins(
  context: Context,
  project: Invocation,
  { pins, before, changes }: PreparedPins,
): Promise<void> {
  const { composeFiles } = context
  const copies = new Map<string, string>()
  for (const { file, before: text } of changes) copies.set(file, await composeFiles.keep(file, text))
  const written: (typeof changes)[number][] = []
  try {
    for (const change of changes) {
      await composeFiles.replace(change.file, change.before, change.after)
      written.push(change)
    }
    await proveOnlyNamesDiffer(context, project, pins, before)
  } catch (error) {
    for (const change of written) await composeFiles.replace(change.file, change.after, change.before)
    throw error
  }
  for (const { file } of changes) {
    const own = pins.map(({ key, volume }) => `${key} is ${volume}`)
    context.reporter.say({ type: 'pin', step: 'written', file, details: [copies.get(file) ?? '', ...own] })
  }
}

async function proveOnlyNamesDiffer(
  context: Context,
  project: Invocation,
  pins: readonly Pin[],
  before: ModelAnswer,
): Promise<void> {
  const after = await context.compose.model(project, { everything: true })
  if (!after.ok)
    throw new Stop({
      reason: 'not-possible',
      what: `with the change Compose cannot read the project: ${after.error}`,
      how: 'every file was put back as it was',
    })
  const { parse } = context.composeFiles
  const shown = pins.filter(({ key }) => after.model.volumes.some(volume => volume.key === key))
  const isNamed = shown.every(({ key, volume }) =>
    after.model.volumes.some(each => each.key === key && each.name === volume),
  )
  const isSame =
    !before.ok ||
    canonicalConfig(withPins(await parse(before.raw), shown)) ===
      canonicalConfig(withPins(await parse(after.raw), shown))
  if (isNamed && isSame) return
  throw new Stop({
    reason: 'not-possible',
    what: 'the change would alter more of the project than the names',
    how: 'every file was put back as it was; write the names by hand',
  })
}

function volumeNamed(model: Model, word: string): VolumeModel {
  const found = model.volumes.find(({ key, name }) => key === word || name === word)
  if (found !== undefined) return found
  throw new Stop({
    reason: 'bad-usage',
    what: `the project has no volume ${word}`,
    how: `it has: ${model.volumes.map(({ key }) => key).join(', ') || 'none'}`,
  })
}

function sayUnpinned(context: Context, volumes: readonly VolumeModel[]): number {
  for (const { key, name } of volumes) {
    const [own, today] = [escapeName(key), escapeName(name)]
    context.print(`${own} follows the project's name (today ${today}): safe-compose pin ${own}\n`)
  }
  return volumes.length === 0 ? 0 : 1
}

/** The names of today are those that are in use: without an engine, those that the file leads to. */
async function containersIfAny(context: Context): Promise<readonly ContainerFact[]> {
  try {
    const engine = await context.openEngine()
    return (await engine.observe()).containers
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    context.reporter.say({ type: 'detail', text: 'no engine answers: the names are those of the file alone' })
    return []
  }
}

/** Where the file says something else than what runs, the name of the file is not the one in use. */
function refuseDiverged(
  model: Model,
  containers: readonly ContainerFact[],
  chosen: readonly VolumeModel[],
): void {
  for (const volume of chosen) {
    const [first] = divergencesOf(model, containers, volume)
    if (first === undefined) continue
    throw new Stop({
      reason: 'not-possible',
      what: `${first.service} (${first.container}) uses ${first.volume}, and the file means ${volume.name} by ${volume.key}`,
      how: `if its data shall stay in use: safe-compose adopt ${first.volume} --as ${volume.key}`,
    })
  }
}

/** Compose takes an external volume as it is, and refuses to hear more about it. */
function refuseDescribed(chosen: readonly VolumeModel[]): void {
  const described = chosen.find(
    volume =>
      volume.driver !== null ||
      Object.keys(volume.driverOptions).length > 0 ||
      Object.keys(volume.labels).length > 0,
  )
  if (described === undefined) return
  throw new Stop({
    reason: 'not-possible',
    what: `${described.key} has a driver, options or labels, which cannot stand beside \`external: true\``,
    how: `pin it without --external: safe-compose pin ${described.key}`,
  })
}

function shortPath(directory: string, file: string): string {
  return file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file
}
