import type { Plan } from '../model/decision.ts'
import { identityOfHolding } from '../model/holding.ts'

/** Bytes per second that a copy makes at least on ordinary disks: a guess on the slow side. */
const slowestRate = 120 * 1024 * 1024

/** How long the plan's copies will take, in milliseconds, where every size is known; null where one is not. */
export function estimateCopies(plan: Plan): number | null {
  let bytes = 0
  for (const step of plan.steps) {
    if (step.type !== 'copy') continue
    const identity = identityOfHolding(step.holding)
    const stake = plan.decision.stakes.find(
      each => identityOfHolding(each.stake.finding.holding) === identity,
    )
    const size = stake?.stake.contents?.bytes ?? null
    if (size === null) return null
    bytes += size
  }
  return (bytes / slowestRate) * 1000
}

/** Whether the command would destroy anything: then there is no shortcut. */
export function destroys(plan: Plan): boolean {
  return plan.decision.stakes.some(
    ({ stake }) => stake.finding.outcome === 'destroyed' && stake.finding.warning !== true,
  )
}
