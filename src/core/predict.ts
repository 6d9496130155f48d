import type { Facts } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { PredictedContainer, PredictedVolume, Prediction } from '../model/prediction.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { escapeName } from './escape.ts'
import { flagText, isDryRun, isOn } from './invocation.ts'
import { asTheyAre, isDeadly, predictContainers, servicesStarted } from './predict-containers.ts'
import { predictVolumes, volumesAsTheyAre } from './predict-volumes.ts'
import { commandOf, namedServices, reachedServices, serviceCatalogue, serviceContainers } from './reach.ts'
import { imageReferences } from './recreation.ts'

/**
 * What Compose would do with a command: to each container of the project, and to each volume that they use or shall
 * use. From the model and the engine alone, never by asking Compose to try. What it cannot know it says.
 */
export function predict(facts: Facts, invocation: Invocation, circumstances: Circumstances): Prediction {
  if (commandOf(invocation) === 'wait' && isOn(invocation, 'down-project'))
    return endsWithDown(facts, invocation)
  const failure = failureOf(facts, invocation)
  if (failure !== null || !changesSomething(invocation)) {
    const containers = asTheyAre(facts, invocation)
    const notes = failure === null ? [quietNote(invocation)] : []
    return { containers, volumes: volumesAsTheyAre(facts), failure, notes }
  }
  const containers = predictContainers(facts, invocation, circumstances)
  const volumes = predictVolumes(facts, invocation, circumstances, containers)
  return { containers, volumes, failure, notes: notesOn(facts, invocation, containers) }
}

function endsWithDown(facts: Facts, invocation: Invocation): Prediction {
  const why = 'wait --down-project ends with a down'
  const containers = asTheyAre(facts, invocation).map(each => ({ ...each, why, certain: false }))
  return { containers, volumes: volumesAsTheyAre(facts), failure: null, notes: [`${why}: see plan down`] }
}

/** Whether there is anything to do: nothing at all is created, started, stopped, replaced, removed or orphaned. */
export function changesAnything(prediction: Prediction): boolean {
  return (
    prediction.containers.some(isChange) || prediction.volumes.some(each => !isStill(each) || !each.certain)
  )
}

function isChange(container: PredictedContainer): boolean {
  return container.action !== 'keep' || !container.certain
}

function isStill({ action }: PredictedVolume): boolean {
  return action === 'keep' || action === 'use'
}

const changing = new Set([
  'up',
  'create',
  'run',
  'scale',
  'watch',
  'start',
  'stop',
  'restart',
  'kill',
  'down',
  'rm',
])

function changesSomething(invocation: Invocation): boolean {
  return changing.has(commandOf(invocation)) && !isDryRun(invocation)
}

function quietNote(invocation: Invocation): string {
  if (isDryRun(invocation)) return 'with --dry-run Compose itself only shows what it would do'
  const word = escapeName(invocation.command.join(' '))
  return `${word} creates, replaces, starts, stops and removes no container and no volume of the project`
}

// ---- What fails at once ------------------------------------------------------------------------------------------

/** What Compose refuses before it changes anything. */
function failureOf(facts: Facts, invocation: Invocation): string | null {
  if (!changesSomething(invocation)) return null
  return (
    missingModel(facts, invocation) ??
    unknownService(facts, invocation) ??
    missingExternalVolume(facts, invocation) ??
    pausedContainer(facts, invocation) ??
    nothingToStart(facts, invocation)
  )
}

function missingModel(facts: Facts, invocation: Invocation): string | null {
  if (facts.model !== null || facts.target === 'labels') return null
  const last = (facts.modelError ?? '').trim().split('\n').at(-1) ?? ''
  return `${commandOf(invocation)} needs the Compose file, which cannot be read: ${escapeName(last)}`
}

function unknownService(facts: Facts, invocation: Invocation): string | null {
  if (facts.target === 'labels' || facts.wholeModel === null) return null
  const catalogue = serviceCatalogue(facts)
  const unknown = namedServices(invocation).find(name => !catalogue.has(name))
  return unknown === undefined ? null : `there is no service ${escapeName(unknown)}`
}

const mounting = new Set(['up', 'create', 'run', 'scale', 'watch'])

function missingExternalVolume(facts: Facts, invocation: Invocation): string | null {
  if (!mounting.has(commandOf(invocation))) return null
  const isWhole = !composeIsAtLeast(facts, '2.29.0')
  const wanted = isWhole
    ? new Set((facts.model?.volumes ?? []).map(volume => volume.key))
    : keysMounted(facts, invocation)
  const missing = (facts.wholeModel ?? facts.model)?.volumes.find(
    volume =>
      volume.external && wanted.has(volume.key) && !facts.volumes.some(each => each.name === volume.name),
  )
  return missing === undefined ? null : `the external volume ${escapeName(missing.name)} does not exist`
}

function keysMounted(facts: Facts, invocation: Invocation): ReadonlySet<string> {
  const catalogue = serviceCatalogue(facts)
  const services = [
    ...reachedServices(facts, invocation).map(({ service }) => service),
    ...namedServices(invocation).flatMap(name => catalogue.get(name) ?? []),
  ]
  return new Set(services.flatMap(({ mounts }) => mounts.flatMap(mount => mount.source ?? [])))
}

/** The engine starts nothing that is paused. */
function pausedContainer(facts: Facts, invocation: Invocation): string | null {
  const command = commandOf(invocation)
  if (command !== 'start' && (!mounting.has(command) || isOn(invocation, 'no-start'))) return null
  if (isV1(facts)) return null
  const reached = servicesStarted(facts, invocation)
  const containers = [...reached].flatMap(name => serviceContainers(facts, name))
  const paused = containers.find(container => container.state === 'paused')
  return paused === undefined ? null : `${escapeName(paused.name)} is paused, and must be unpaused first`
}

function nothingToStart(facts: Facts, invocation: Invocation): string | null {
  if (commandOf(invocation) !== 'start' || isV1(facts) || facts.target === 'labels') return null
  const empty = reachedServices(facts, invocation).find(
    ({ service }) => service.scale > 0 && serviceContainers(facts, service.name).length === 0,
  )
  return empty === undefined ? null : `${escapeName(empty.service.name)} has no container to start`
}

// ---- What cannot be told -----------------------------------------------------------------------------------------

function notesOn(
  facts: Facts,
  invocation: Invocation,
  containers: readonly PredictedContainer[],
): readonly string[] {
  const command = commandOf(invocation)
  const unsure = containers.filter(container => !container.certain)
  const notes = [
    ...new Set(
      unsure.map(container => `only the run will tell about ${escapeName(container.name)}: ${container.why}`),
    ),
    ...missingImages(facts, invocation, containers),
  ]
  if (command === 'watch') notes.push('watch goes on, and rebuilds and replaces containers as files change')
  if (isOn(invocation, 'abort-on-container-exit') || flagText(invocation, 'exit-code-from') !== null)
    notes.push('all of it is stopped as soon as one container ends')
  if (command === 'down' && flagText(invocation, 'rmi') !== null)
    notes.push(
      `images of the project are removed too (--rmi ${escapeName(flagText(invocation, 'rmi') ?? '')})`,
    )
  if (command === 'kill' && !isDeadly(flagText(invocation, 'signal')))
    notes.push('what a signal does is up to the program that gets it')
  return notes
}

function missingImages(
  facts: Facts,
  invocation: Invocation,
  containers: readonly PredictedContainer[],
): readonly string[] {
  const made = new Set(
    containers
      .filter(({ action }) => action === 'create' || action === 'recreate')
      .map(({ service }) => service),
  )
  const named = new Set(commandOf(invocation) === 'run' ? namedServices(invocation) : [])
  return [...serviceCatalogue(facts).values()].flatMap(service => {
    if (!made.has(service.name) && !named.has(service.name)) return []
    const [reference = '', ...others] = imageReferences(facts, service)
    const isHere = facts.images.some(image =>
      image.references.some(each => each === reference || others.includes(each)),
    )
    if (isHere) return []
    return [
      `the image ${escapeName(reference)} is not here: it is ${service.build ? 'built' : 'pulled'} first`,
    ]
  })
}
