import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { isDryRun } from './invocation.ts'
import { commandOf, projectContainers } from './reach.ts'
import { findRecreations } from './recreation.ts'
import { findRemovals } from './removal.ts'

/** A running container that the command stops. */
export interface StoppedContainer {
  readonly container: ContainerFact
  /** `restarts`: it, or one in its place, runs again afterwards. */
  readonly how: 'stops' | 'restarts'
}

const stopping: Readonly<Record<string, StoppedContainer['how']>> = {
  stop: 'stops',
  kill: 'stops',
  restart: 'restarts',
}

/** What runs now, and will be stopped by `stop`, `kill`, `restart`, by a removal or by a recreation. Each once. */
export function stoppedContainers(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly StoppedContainer[] {
  if (isDryRun(invocation)) return []
  const how = stopping[commandOf(invocation)]
  const all: readonly StoppedContainer[] = [
    ...(how === undefined ? [] : namedContainers(facts, invocation).map(container => ({ container, how }))),
    ...findRecreations(facts, invocation).map(({ container }) => ({ container, how: 'restarts' as const })),
    ...findRemovals(facts, invocation, circumstances).map(({ container }) => ({
      container,
      how: 'stops' as const,
    })),
  ]
  return all.filter(
    ({ container }, index) =>
      ['running', 'paused', 'restarting'].includes(container.state) &&
      all.findIndex(each => each.container === container) === index,
  )
}

/** The containers of the services on the command line, or of all. */
export function namedContainers(facts: Facts, invocation: Invocation): readonly ContainerFact[] {
  const named = new Set(invocation.args)
  return projectContainers(facts).filter(
    container => !container.oneOff && (named.size === 0 || named.has(container.service ?? '')),
  )
}
