import { expect, test } from 'vitest'
import { maskedArgv } from '../../src/commands/entries.ts'

test.each([
  [
    ['compose', 'run', '-e', 'PASSWORD=secret', 'db'],
    ['compose', 'run', '-e', 'PASSWORD=***', 'db'],
  ],
  [
    ['compose', 'run', '--env', 'PASSWORD=secret', 'db'],
    ['compose', 'run', '--env', 'PASSWORD=***', 'db'],
  ],
  [
    ['compose', 'run', '--env=PASSWORD=secret', 'db'],
    ['compose', 'run', '--env=PASSWORD=***', 'db'],
  ],
  [
    ['compose', 'exec', '-ePASSWORD=secret', 'db'],
    ['compose', 'exec', '-ePASSWORD=***', 'db'],
  ],
  [
    ['compose', 'run', '-de', 'PASSWORD=secret', 'db'],
    ['compose', 'run', '-de', 'PASSWORD=***', 'db'],
  ],
  [
    ['compose', 'run', '-TePASSWORD=secret', 'db'],
    ['compose', 'run', '-TePASSWORD=***', 'db'],
  ],
  [
    ['compose', 'run', '-e', 'FROM_SHELL', 'db'],
    ['compose', 'run', '-e', 'FROM_SHELL', 'db'],
  ],
  [
    ['compose', '--env-file', 'prod.env', 'down', '-v'],
    ['compose', '--env-file', 'prod.env', 'down', '-v'],
  ],
])('%j is kept as %j', (argv, kept) => {
  expect(maskedArgv(argv)).toEqual(kept)
})
