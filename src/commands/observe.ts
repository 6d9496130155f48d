import { Stop } from '../model/failure.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { ContainerFact, Facts, ProjectFact } from '../model/facts.ts'
import type { Circumstances, Finding } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Engine, ModelAnswer } from '../model/ports.ts'
import type { Context } from './context.ts'

/** One look at a project: everything that judging needs. */
export interface Look {
  readonly engine: Engine
  readonly facts: Facts
  readonly circumstances: Circumstances
  /** Compose's globals as typed, for calls of our own on the same project. */
  readonly globals: readonly string[]
}
