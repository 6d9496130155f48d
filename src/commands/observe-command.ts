import { findFindings } from '../core/findings.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Facts } from '../model/facts.ts'
import type { Finding } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context } from './context.ts'
import type { Case } from './judge.ts'
import { observeProject, observeProjectAgain } from './observe.ts'
import type { Look } from './observe.ts'
import { observeDocker, lookAheadOfDocker } from './observe-docker.ts'

/** What a guarded command concerns, a look for each project; `fails-by-itself` where its own program has the word. */
export async function observe(
  context: Context,
  invocation: Invocation,
): Promise<readonly Look[] | 'fails-by-itself'> {
  if (invocation.form === 'docker') return observeDocker(context, invocation)
  const look = await observeProject(context, invocation)
  return look === 'fails-by-itself' ? look : [look]
}

/**
 * Looks once more, immediately before the command runs. True when something differs from what was judged: the projects,
 * their models, what is at stake, or who writes to it.
 *
 * @param quieted the containers that we stopped or paused ourselves since
 */
export async function observeAgain(
  context: Context,
  before: readonly Pick<Case, 'look' | 'decision'>[],
  invocation: Invocation,
  quieted: ReadonlySet<string>,
): Promise<boolean> {
  const looks = new Map(before.map(({ look }) => [look.facts.project.name, look]))
  const now = (await lookAgain(context, before, invocation)).map(look => {
    const then = looks.get(look.facts.project.name)
    const facts = then === undefined ? look.facts : asBefore(look.facts, then.facts, quieted)
    return { look, findings: findFindings(facts, invocation, look.circumstances) }
  })
  const then = before.map(({ look, decision }) => ({ look, findings: decision.findings }))
  return fingerprint(now) !== fingerprint(then)
}

async function lookAgain(
  context: Context,
  before: readonly Pick<Case, 'look'>[],
  invocation: Invocation,
): Promise<readonly Look[]> {
  if (invocation.form === 'docker') return lookAheadOfDocker(context, invocation)
  const looks = await Promise.all(before.map(({ look }) => observeProjectAgain(context, look, invocation)))
  return looks.filter(look => look !== null)
}

/** A rule may ask whether a container runs: what we did to it ourselves is no change of the project. */
function asBefore(now: Facts, before: Facts, quieted: ReadonlySet<string>): Facts {
  const containers = now.containers.map(container => {
    const then = quieted.has(container.id)
      ? before.containers.find(({ id }) => id === container.id)
      : undefined
    return then === undefined ? container : { ...container, state: then.state, details: then.details }
  })
  return { ...now, containers }
}

interface Found {
  readonly look: Look
  readonly findings: readonly Finding[]
}

/** What was judged, in one text. Where nothing was found, nothing was judged. */
function fingerprint(found: readonly Found[]): string {
  return JSON.stringify(
    found
      .filter(({ findings }) => findings.length > 0)
      .map(judged)
      .toSorted(),
  )
}

/** States are left out: we stop and pause containers ourselves. */
function judged({ look, findings }: Found): string {
  const names = new Set(findings.flatMap(({ holding }) => ('name' in holding ? [holding.name] : [])))
  const writers = look.facts.containers
    .filter(container => container.mounts.some(mount => mount.name !== null && names.has(mount.name)))
    .map(container => container.id)
    .toSorted()
  const stakes = findings
    .map(finding => `${finding.outcome} ${identityOfHolding(finding.holding)}`)
    .toSorted()
  const { project, model, target } = look.facts
  return JSON.stringify([project.name, model, target, stakes, writers])
}
