import { describe, expect, test } from 'vitest'
import { safeOptions } from '../../src/core/options.ts'
import { ownWords } from '../../src/core/own-words.ts'
import { exitCodes } from '../../src/model/failure.ts'
import { cut, displayWidth, padded } from '../../src/ui/columns.ts'
import { helpText } from '../../src/ui/help.ts'
import { openTables } from '../../src/ui/tables.ts'
import { aRecord, aRestorePoint, aVolume, ago, evening, hours, minutes } from '../fakes/question.ts'

const wide = openTables({ width: null, home: '/home/ann' })
const about = { project: 'shop', store: '/home/ann/.local/share/safe-compose', now: evening }

const points = [
  aRestorePoint({ id: '20261123T201631Z-preflight-down', finishedAt: ago(4 * minutes) }),
  aRestorePoint(
    { id: '20261123T180000Z-before-restore', finishedAt: ago(2 * hours), reason: 'safety', command: null },
    { state: 'damaged', damage: 'volumes/shop_pgdata.tar.zst is too short' },
  ),
  aRestorePoint({
    id: '20261101T090000Z-before-v2',
    finishedAt: ago(22 * 24 * hours),
    reason: 'manual',
    tag: 'before-v2',
    command: null,
    holdings: [aRecord(aVolume('shop_pgdata')), aRecord(aVolume('other'))],
  }),
]

describe('backups', () => {
  test('id, when, why, what, size, state', () => {
    expect(`\n${wide.backups(points, about)}`).toBe(`
project shop · 3 restore points · 966 MB · store ~/.local/share/safe-compose
ID                               WHEN       WHY                  HOLDS          SIZE    STATE
20261123T201631Z-preflight-down  4 min ago  down -v              pgdata, redis  322 MB  good
20261123T180000Z-before-restore  2 h ago    before a restore     pgdata, redis  322 MB  damaged: volumes/shop_pgdata.tar.zst is too short
20261101T090000Z-before-v2       22 d ago   tag before-v2, kept  pgdata, other  322 MB  good
`)
  })

  test('of all projects, with theirs', () => {
    const lines = wide.backups(points, { ...about, project: null }).split('\n')
    expect(lines[0]).toBe('all projects · 3 restore points · 966 MB · store ~/.local/share/safe-compose')
    expect(lines[1]).toMatch(/^ID +PROJECT +WHEN/)
    expect(lines[2]).toMatch(/^20261123T201631Z-preflight-down +shop +4 min ago/)
  })

  test('none', () => {
    expect(wide.backups([], about)).toBe(
      'project shop · no restore points · store ~/.local/share/safe-compose\n',
    )
  })

  test('fits into the terminal by shortening what it holds', () => {
    const many = aRestorePoint({
      holdings: Array.from({ length: 12 }, (_, index) => aRecord(aVolume(`shop_volume${index}`))),
    })
    const [, head = '', row = ''] = openTables({ width: 100, home: null }).backups([many], about).split('\n')
    expect(displayWidth(row)).toBeLessThanOrEqual(100)
    expect(row).toContain('volume0, volume1')
    expect(row).toContain('…')
    expect(row.indexOf('322 MB')).toBe(head.indexOf('SIZE'))
    expect(wide.backups([many], about)).toContain('volume11')
  })

  test('wide letters do not push columns aside, and nothing is printed raw', () => {
    const odd = aRestorePoint({
      project: { name: 'x', directory: null, files: [] },
      holdings: [aRecord(aVolume('日本語')), aRecord(aVolume('a\nb'))],
    })
    const [, head = '', first = '', second = ''] = wide
      .backups([odd, aRestorePoint({ holdings: [aRecord(aVolume('shop_longer_name_of_a_volume'))] })], about)
      .split('\n')
    expect(first).toContain('日本語, a\\nb')
    const cells = (line: string, word: string): number => displayWidth(line.slice(0, line.indexOf(word)))
    expect(cells(first, '322 MB')).toBe(cells(head, 'SIZE'))
    expect(cells(second, '322 MB')).toBe(cells(head, 'SIZE'))
  })
})

test('show tells everything that a restore point says of itself', () => {
  const record = {
    ...aRecord(aVolume('shop_pgdata')),
    database: { kind: 'postgresql' as const, label: 'PostgreSQL 15', path: '', identity: null },
    notes: ['sockets were left out'],
  }
  const point = aRestorePoint({ holdings: [record], notes: ['the Compose file b.yml could not be read'] })
  expect(`\n${wide.show(point, evening)}`).toBe(`
restore point  20261123T111500Z-schedule
state          good
taken          2026-11-23T11:16:31.000Z, 9 h ago, in 3.1 s
why            down -v
command        safe-compose down -v
project        shop in /srv/shop
files          /srv/shop/compose.yaml
engine         28.5.2 at unix:///var/run/docker.sock
compose        2.40.3 (plugin)
made by        safe-compose 0.1.0
folder         ~/.local/share/safe-compose/engine-1/shop/20261123T111500Z-schedule (322 MB)

HOLDS        WHAT           CONTENT                STORED  HOW   USED BY  FILE
shop_pgdata  PostgreSQL 15  600 MB in 1,400 files  161 MB  cold  db       volumes/shop_pgdata.tar.zst

note: shop_pgdata: sockets were left out
note: the Compose file b.yml could not be read

put it back with:  safe-compose restore 20261123T111500Z-schedule
`)
})

test('undo --list: what was deleted, and whether it is back', () => {
  const rows = [
    {
      id: '20261123T201631Z-preflight-down',
      when: ago(4 * minutes),
      command: 'down -v',
      holdings: ['shop_pgdata', 'shop_redis'],
      undoneBy: null,
    },
    {
      id: '20261122T080000Z-preflight-rm',
      when: ago(36 * hours),
      command: 'rm -fsv db',
      holdings: ['db:/data'],
      undoneBy: ago(35 * hours),
    },
  ]
  expect(`\n${wide.undoList(rows, evening)}`).toBe(`
ID                               WHEN       COMMAND     DELETED                  UNDONE
20261123T201631Z-preflight-down  4 min ago  down -v     shop_pgdata, shop_redis  not yet
20261122T080000Z-preflight-rm    36 h ago   rm -fsv db  db:/data                 35 h ago
`)
  expect(wide.undoList([], evening)).toBe(
    'no command of this project that went through safe-compose has destroyed anything\n',
  )
})

test('help names every word, option, variable and exit code', () => {
  const text = helpText('0.1.0')
  for (const [word, what] of Object.entries(ownWords)) {
    expect(text).toMatch(new RegExp(`^  ${word}\\b`, 'm'))
    expect(text).toContain(what)
  }
  for (const option of safeOptions) {
    expect(text).toContain(`${option.flag}${option.value === null ? '' : ` ${option.value}`}`)
    expect(text).toContain(option.variable)
    expect(text).toContain(option.about)
  }
  for (const { code, meaning } of Object.values(exitCodes)) {
    expect(text.replaceAll(/ +/g, ' ')).toContain(` ${code} ${meaning}\n`)
  }
  expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(110)
})

test('cells', () => {
  expect(['abc', '日本', 'e\u0301', '👍', 'ü'].map(displayWidth)).toEqual([3, 4, 1, 2, 1])
  expect(padded('日', 4)).toBe('日  ')
  expect([cut('abcdef', 6), cut('abcdef', 4), cut('日本語', 4)]).toEqual(['abcdef', 'abc…', '日…'])
})
