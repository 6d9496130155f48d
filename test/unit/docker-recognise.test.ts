import { describe, expect, test } from 'vitest'
import { readPgControl } from '../../src/adapters/docker/pg-control.ts'
import { foldersAmong, recogniseDatabase } from '../../src/adapters/docker/recognise.ts'
import type { FileLook } from '../../src/adapters/docker/recognise.ts'

function files(content: Readonly<Record<string, string | Buffer>>): FileLook {
  const paths = Object.keys(content)
  return {
    exists: async path => paths.some(each => each === path || each.startsWith(`${path}/`)),
    read: async (path, bytes) => {
      const found = content[path]
      return found === undefined ? null : Buffer.from(found).subarray(0, bytes)
    },
  }
}

/** A control file with its checksum, computed here by table rather than bit by bit. */
function pgControl(identifier: bigint, checksumAt: number): Buffer {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
    return value >>> 0
  })
  const bytes = Buffer.alloc(8192)
  bytes.writeBigUInt64LE(identifier, 0)
  bytes.writeUInt32LE(1300, 8)
  let crc = 0xffffffff
  for (const byte of bytes.subarray(0, checksumAt)) crc = (table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)) >>> 0
  bytes.writeUInt32LE((crc ^ 0xffffffff) >>> 0, checksumAt)
  return bytes
}

describe('pg_control', () => {
  test.each([288, 292])('the system identifier, checksum at %i', offset => {
    expect(readPgControl(pgControl(7_412_345_678_901_234_567n, offset))?.systemIdentifier).toBe(
      '7412345678901234567',
    )
  })

  test('a torn or foreign file says nothing', () => {
    const torn = pgControl(1n, 288)
    torn[30] = 1
    expect(readPgControl(torn)).toBeNull()
    expect(readPgControl(Buffer.alloc(8192))).toBeNull()
    expect(readPgControl(Buffer.from('short'))).toBeNull()
  })
})

describe('which database lies in a folder', () => {
  test.each<[string, Readonly<Record<string, string | Buffer>>, readonly string[], object | null]>([
    [
      'PostgreSQL',
      { PG_VERSION: '15\n', 'global/pg_control': pgControl(77n, 288) },
      [''],
      { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '77' },
    ],
    [
      'PostgreSQL 18 below',
      { '18/docker/PG_VERSION': '18\n', '18/docker/global/1': '' },
      foldersAmong(['18']),
      { kind: 'postgresql', label: 'PostgreSQL 18', path: '18/docker', identity: null },
    ],
    ['one version file alone is no cluster', { PG_VERSION: '15\n' }, [''], null],
    [
      'MariaDB with its version',
      { ibdata1: '', aria_log_control: '', mysql_upgrade_info: '10.11.19-MariaDB\n' },
      [''],
      { kind: 'mysql', label: 'MariaDB 10.11', path: '', identity: null },
    ],
    [
      'MySQL with its uuid',
      {
        ibdata1: '',
        'auto.cnf': '[auto]\nserver-uuid=6ccd780c-baba-1026-9564-5b8c656024db\n',
        mysql_upgrade_history: '{"upgrades":[{"version":"8.4.2"},{"version":"9.7.4"}]}',
      },
      [''],
      { kind: 'mysql', label: 'MySQL 9.7', path: '', identity: '6ccd780c-baba-1026-9564-5b8c656024db' },
    ],
    [
      'Redis with its version',
      { 'dump.rdb': 'REDIS0010\xfa\x09redis-ver\x067.0.15\xfa' },
      [''],
      {
        kind: 'redis',
        label: 'Redis 7.0',
        path: '',
        identity: null,
        persistence: { snapshot: true, log: false },
      },
    ],
    [
      'Valkey',
      { 'dump.rdb': 'VALKEY080\xfa\x0avalkey-ver\x069.0.1' },
      [''],
      {
        kind: 'redis',
        label: 'Valkey 9.0',
        path: '',
        identity: null,
        persistence: { snapshot: true, log: false },
      },
    ],
    [
      'Redis by its log',
      { 'appendonlydir/appendonly.aof.1.base.rdb': '' },
      [''],
      {
        kind: 'redis',
        label: 'Redis',
        path: '',
        identity: null,
        persistence: { snapshot: false, log: true },
      },
    ],
    [
      'Redis with a snapshot and the log of versions before 7',
      { 'dump.rdb': 'REDIS0009', 'appendonly.aof': 'REDIS0009' },
      [''],
      {
        kind: 'redis',
        label: 'Redis',
        path: '',
        identity: null,
        persistence: { snapshot: true, log: true },
      },
    ],
    [
      'PostgreSQL of several versions',
      {
        '17/docker/PG_VERSION': '17\n',
        '17/docker/global/1': '',
        '18/docker/PG_VERSION': '18\n',
        '18/docker/global/1': '',
      },
      foldersAmong(['17', '18']),
      {
        kind: 'postgresql',
        label: 'PostgreSQL 17',
        path: '17/docker',
        identity: null,
        others: [{ label: 'PostgreSQL 18', path: '18/docker' }],
      },
    ],
    [
      'PostgreSQL at the root and in a folder below, as PGDATA leaves it',
      { PG_VERSION: '15\n', 'global/1': '', 'pgdata/PG_VERSION': '15\n', 'pgdata/global/1': '' },
      foldersAmong(['global', 'pgdata']),
      {
        kind: 'postgresql',
        label: 'PostgreSQL 15',
        path: '',
        identity: null,
        others: [{ label: 'PostgreSQL 15', path: 'pgdata' }],
      },
    ],
    [
      "a server's own folders are not taken for others",
      { PG_VERSION: '15\n', 'global/1': '', 'base/PG_VERSION': '15\n', 'base/global/1': '' },
      foldersAmong(['base', 'global']),
      { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: null },
    ],
    [
      'MongoDB',
      { WiredTiger: 'WiredTiger 11.2', '_mdb_catalog.wt': '' },
      [''],
      { kind: 'mongodb', label: 'MongoDB', path: '', identity: null },
    ],
    ['etcd', { 'member/snap/db': '' }, [''], { kind: 'other', label: 'etcd', path: '', identity: null }],
    [
      "the guide's data folder",
      { 'data/PG_VERSION': '17\n', 'data/global/1': '' },
      foldersAmong(['data']),
      { kind: 'postgresql', label: 'PostgreSQL 17', path: 'data', identity: null },
    ],
    ['plain files', { 'index.html': 'hello' }, [''], null],
  ])('%s', async (_, content, folders, expected) => {
    expect(await recogniseDatabase(files(content), folders)).toEqual(expected)
  })
})
