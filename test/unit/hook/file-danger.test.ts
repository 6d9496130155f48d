import { describe, expect, test } from 'vitest'
import type { Mount } from '../../../src/core/hook/find-commands.ts'
import { fileDanger, placesOfFind } from '../../../src/core/hook/file-danger.ts'

/** Whose files are removed, if anybody's. */
function whose(words: readonly string[], directory: string | null, mounts: readonly Mount[] | null) {
  const command = {
    kind: 'command',
    words,
    directory,
    mounts,
    input: null,
    variables: new Map<string, string>(),
    withoutOthers: false,
  } as const
  return fileDanger(command, '/home/you')?.whose ?? null
}

describe('on the host', () => {
  test.each([
    ['/var/lib/docker/volumes/x', 'docker'],
    ['/var/lib/docker', 'docker'],
    ['/var/lib/d*', 'docker'],
    ['/var/lib/*', 'store'],
    ['/var/lib/[d]ocke?/*', 'docker'],
    ['/var/*/docker/volumes/x', 'docker'],
    ['~/x/../../var/lib/docker', null],
    ['/var/lib', null],
    ['/var/lib/*/cache', null],
    ['/var/lib/dock', null],
    ['/var/lib/[', null],
    ['/var/lib/safe-*', 'store'],
    ['/home/you/.local/share/docker/volumes', 'docker'],
    ['/home/you/*', null],
    [`/var/lib/${'*a'.repeat(50)}`, 'store'],
    [`/${'x'.repeat(5000)}/../var/lib/docker`, null],
    ['volumes', 'docker'],
    ['*', 'docker'],
  ])('rm -rf %s: %s', (path, expected) => {
    expect(whose(['rm', '-rf', path], '/var/lib/docker', null)).toBe(expected)
  })
})

describe('in a container', () => {
  const open = '\u0000'
  test.each([
    ['pg', '/d/x', 'volume'],
    ['pg', '/tmp', null],
    [open, '/d', 'volume'],
    [open, '/d/.[!.]*', 'volume'],
    [open, '/d/dist', null],
    [`${open}_pg`, '/d/base', 'volume'],
    [`${open}/data`, '/d', null],
    ['/srv/shop', '/d/x', null],
    ['/', '/d/var/lib/docker', 'docker'],
    ['/', '/var/lib/docker', 'docker'],
  ])('with %j at /d, rm %s: %s', (source, path, expected) => {
    expect(whose(['rm', path], null, [{ source, target: '/d' }])).toBe(expected)
  })
})

test.each([
  [
    ['/a', '/b', '-name', 'x'],
    ['/a', '/b'],
  ],
  [['-L', '-O3', 'a', '(', '-name', 'x', ')'], ['a']],
  [['-name', 'x'], ['.']],
  [[], ['.']],
])('find %j looks in %j', (words, expected) => {
  expect(placesOfFind(words)).toEqual(expected)
})
