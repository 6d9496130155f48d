import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import type { StoreUnderTest } from '../contract/store.contract.ts'

/** Ways in which an archive that is a file can go bad. */
export const fileDamages: StoreUnderTest['damages'] = [
  {
    name: 'cut off',
    why: /bytes/,
    harm: (_, point, record) => truncateSync(fileOf(point, record), record.kept.bytes - 1),
  },
  {
    name: 'altered',
    why: /hash/,
    harm: (_, point, record) => {
      const content = readFileSync(fileOf(point, record))
      const middle = Math.floor(content.length / 2)
      content.writeUInt8(content.readUInt8(middle) ^ 1, middle)
      writeFileSync(fileOf(point, record), content)
    },
  },
]

function fileOf(point: RestorePoint, record: HoldingRecord): string {
  return join(point.path, record.kept.path)
}
