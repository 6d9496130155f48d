import type { Facts } from '../model/facts.ts'

/** Whether the Compose of these facts is version 2 or later and at least `minimum`. An unreadable version is the newest. */
export function composeIsAtLeast(facts: Pick<Facts, 'compose'>, minimum: string): boolean {
  if (isV1(facts)) return false
  const own = numbersOf(facts.compose.version)
  const least = numbersOf(minimum)
  if (own === null || least === null) return true
  for (const [index, number] of least.entries()) {
    const difference = (own[index] ?? 0) - number
    if (difference !== 0) return difference > 0
  }
  return true
}

export function isV1(facts: Pick<Facts, 'compose'>): boolean {
  return facts.compose.form === 'v1'
}

function numbersOf(version: string): readonly number[] | null {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version)
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
}
