import { describe, expect, test } from 'vitest'
import { localRepository, maskedStore, resticRepository } from '../../src/core/store-location.ts'

test.each([
  ['/srv/backups', null],
  ['restic:', ''],
  ['restic:/srv/repo', '/srv/repo'],
  ['restic:rest:https://backup.example/shop', 'rest:https://backup.example/shop'],
])('%s names the repository %s', (store, repository) => {
  expect(resticRepository(store)).toBe(repository)
})

test.each([
  ['/srv/repo', '/srv/repo'],
  ['local:/srv/repo', '/srv/repo'],
  ['sftp:ann@host:/srv/repo', null],
  ['rest:http://host/', null],
  ['s3:https://host/bucket', null],
  ['rclone:remote:path', null],
])('%s is the folder %s of this machine', (repository, folder) => {
  expect(localRepository(repository)).toBe(folder)
})

describe('a password in an address is hidden', () => {
  test.each([
    ['restic:rest:http://ann:geheim@host:8000/shop', 'restic:rest:http://ann:***@host:8000/shop'],
    ['rest:https://ann:p@ss@host/', 'rest:https://ann:***@host/'],
    ['rest:https://:token@host/', 'rest:https://:***@host/'],
    [
      'no such host: http://a:b@one/ and http://c:d@two/',
      'no such host: http://a:***@one/ and http://c:***@two/',
    ],
  ])('%s', (text, masked) => {
    expect(maskedStore(text)).toBe(masked)
  })

  test.each(['/srv/repo', 'sftp:ann@host:/srv/a:b@c', 'rest:http://host:8000/a@b', 's3:https://host/bucket'])(
    'and nothing else of %s is',
    text => {
      expect(maskedStore(text)).toBe(text)
    },
  )
})
