import { expect } from 'vitest'
import { effectOf } from '../../../src/core/effects.ts'
import type { Facts } from '../../../src/model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../../src/model/finding.ts'
import { nameOfHolding } from '../../../src/model/holding.ts'
import type { Invocation } from '../../../src/model/invocation.ts'
import { dockerLine } from '../../fakes/docker-line.ts'
import { circumstances, typed } from '../../fakes/facts.ts'

interface Situation {
  readonly line: string
  readonly facts: Facts
  readonly where?: Partial<Circumstances>
}

/** What a rule says. The line is read by the version of the facts, and must be one that Compose runs; one that begins with `docker` by the docker CLI. */
function findingsOf(rule: Rule, { line, facts, where = {} }: Situation): readonly Finding[] {
  const invocation = lineFor(facts, line)
  expect(invocation.outcome, `Compose must run \`${line}\``).toBe('run')
  return rule.check(facts, invocation, circumstances(where))
}

function lineFor(facts: Facts, line: string): Invocation {
  return line.startsWith('docker ') ? dockerLine(line) : typed(line, { version: facts.compose.version })
}

/** Expects exactly these holdings, by name, each with its outcome. Nothing expected is a mistake of the test. */
export function expectFound(
  rule: Rule,
  situation: Situation,
  expected: Readonly<Record<string, Finding['outcome']>>,
): readonly Finding[] {
  expect(Object.keys(expected).length, 'a test of what is found names something').toBeGreaterThan(0)
  const found = findingsOf(rule, situation)
  expect(Object.fromEntries(found.map(finding => [nameOfHolding(finding.holding), finding.outcome]))).toEqual(
    expected,
  )
  for (const finding of found) {
    expect(finding.rule).toBe(rule.id)
    expect(finding.because).not.toMatch(/undefined|null|[\x00-\x1f\x7f]/)
    expect(finding.evidence.length).toBeGreaterThan(0)
    expect(rule.leadsTo, 'leadsTo names every effect that a finding has').toContain(effectOf(finding))
  }
  return found
}

/**
 * Expects that the rule has nothing to say, where it would speak up if only one thing were otherwise: `unless` is the
 * situation that differs in that one thing, and must be found, or the test proves nothing.
 */
export function expectQuiet(rule: Rule, situation: Situation, unless: Partial<Situation>): void {
  expect(findingsOf(rule, { ...situation, ...unless }), 'with that one thing otherwise').not.toEqual([])
  expect(findingsOf(rule, situation)).toEqual([])
}
