import { closeSync, openSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inheritedDescriptors } from '../../src/adapters/compose/inherited-descriptors.ts'
import { descriptorTable } from '../../src/adapters/compose/pass-through.ts'

const filler: number[] = []
let held: number

beforeAll(() => {
  // High enough that nothing of the test runner is given its number between two lines.
  do {
    held = openSync('/dev/zero', 'r')
    filler.push(held)
  } while (held < 60)
})
afterAll(() => {
  for (const fd of filler.filter(each => each !== held)) closeSync(fd)
})

test('what is open is handed on under its number, what is closed or another file by now is not', () => {
  const inherited = inheritedDescriptors([`/dev/fd/${held}`]).filter(({ fd }) => fd === held)
  expect(inherited).toHaveLength(1)
  expect(descriptorTable(inherited, [])[held]).toBe(held)

  closeSync(held)
  expect(descriptorTable(inherited, [])).toEqual([0, 1, 2])

  expect(openSync('/proc/self/stat', 'r')).toBe(held)
  expect(descriptorTable(inherited, [])).toEqual([0, 1, 2])
  closeSync(held)
})
