import { describe, test } from 'vitest'
import { backUpUnderLoad, hammered } from '../e2e/under-load.ts'

/** Twenty times in a row, since a copy that is wrong once in sixty is wrong. */
describe.each(['postgres:15', 'postgres:17', 'postgres:18'])('%s', image => {
  test('twenty backups under load, each put back, each one moment of it', async () => {
    const project = await hammered(image)
    for (let round = 1; round <= 20; round++) await backUpUnderLoad(project)
  })
})
