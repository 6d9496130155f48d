import { describe, test } from 'vitest'
import { commands, edits } from '../e2e/plan-cases.ts'
import { checkPlan, withNetwork } from '../e2e/plan-check.ts'
import { composeHas } from '../e2e/scenario.ts'

withNetwork()

describe('a plan says exactly what the bare Compose then does after an edit', () => {
  for (const each of edits) test.skipIf(!composeHas(each.since))(each.title, () => checkPlan(each))
})

describe('a plan says exactly what the bare Compose then does at a command', () => {
  for (const each of commands) test.skipIf(!composeHas(each.since))(each.title, () => checkPlan(each))
})
