import { expect, test } from 'vitest'
import { cacheReason } from '../../src/core/caches.ts'

test.each<[readonly string[], readonly string[] | null, string | null]>([
  [['/app/node_modules'], null, 'node_modules'],
  [['/app/node_modules/'], [], 'node_modules'],
  [['/root/.cache/pip'], null, 'a cache directory'],
  [['/root/.m2'], null, 'the Maven repository cache'],
  [['/go/pkg/mod'], null, 'the Go module cache'],
  [['/var/cache/apt/archives'], null, 'a cache directory'],
  [['/app/node_modules', '/srv/data'], null, null],
  [['/var/lib/postgresql/data'], ['PG_VERSION'], null],
  [['/data'], ['CACHEDIR.TAG', 'x'], 'marked as a cache (CACHEDIR.TAG)'],
  [[], ['.package-lock.json', '.bin', 'left-pad'], 'node_modules'],
  [[], null, null],
  [[], ['constructor', '__proto__'], null],
  [['/cache'], ['sessions'], null],
  [['/srv/my_node_modules'], null, null],
])('%j with %j: %s', (paths, names, reason) => {
  expect(cacheReason(paths, names)).toBe(reason)
})
