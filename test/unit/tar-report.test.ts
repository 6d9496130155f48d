import { describe, expect, test } from 'vitest'
import { readReport } from '../../src/adapters/stores/tar-report.ts'

const listed = [
  'drwxr-xr-x  999/999             0 2026-11-23 20:15 ./',
  '-rw-------+ 999/999          8192 2026-11-23 20:15 ./base/1',
  'hrw-------  999/999             0 2026-11-23 20:15 ./again link to ./base/1',
  'crw-r--r--  0/0               1,3 2026-11-23 20:15 ./null',
  '-rw-r--r--  12345678/99999999 8155136 2026-11-23 20:15 ./new\\n-rw-r--r-- 0/0 7 2026-11-23 20:15 name',
]
const total = 'Total bytes written: 8232960 (7.9MiB, 1.2GiB/s)'

function read(lines: readonly string[]): {
  counts: unknown
  words: readonly string[]
  told: readonly number[]
} {
  const told: number[] = []
  const report = readReport('/usr/bin/tar', done => told.push(done))
  const words = lines.filter(line => !report.takesLine(line))
  return { counts: report.counts(), words, told }
}

describe('what GNU tar tells', () => {
  test('is counted, and its progress told in bytes; its remarks are for people', () => {
    const remark = '/usr/bin/tar: ./run/sock: socket ignored'
    expect(read([...listed, '/usr/bin/tar: records 16', remark, total])).toEqual({
      counts: {
        bytes: 8_232_960,
        entries: 5,
        files: 2,
        directories: 1,
        links: 1,
        others: 1,
        contentBytes: 8_163_328,
      },
      words: [remark],
      told: [1 << 20],
    })
  })

  test.each([
    ['without a total', listed],
    ['without a list', [total]],
    ['with a line that could be an entry of another kind', [...listed, 'Zrw-r--r-- 0/0 ./x', total]],
    ['with one that was cut off', [...listed, '-rw-r--r-- 0/0', total]],
  ])('is worth nothing %s', (_, lines) => {
    expect(read(lines).counts).toBeNull()
  })
})
