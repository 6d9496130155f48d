import { expect, test } from 'vitest'
import { storeRoot } from '../../src/core/store-root.ts'

test.each([
  ['the system folder where an administrator made it', true, '/data', '/var/lib/safe-compose'],
  ['the user’s data folder', false, '/data', '/data/safe-compose'],
  ['the usual place of it', false, null, '/home/ann/.local/share/safe-compose'],
  ['a relative one does not count', false, 'data', '/home/ann/.local/share/safe-compose'],
])('restore points lie in %s', (_, systemRootIsWritable, dataHome, root) => {
  expect(storeRoot({ systemRootIsWritable, dataHome, home: '/home/ann' })).toBe(root)
})
