import type { DumpRecord } from '../model/restore-point.ts'

/** What a dump is called: the database that it is of, else what it holds besides databases. */
export function dumpName({ database, form }: Pick<DumpRecord, 'database' | 'form'>): string {
  return database ?? (form === 'pg-globals' ? 'roles' : form === 'rdb' ? 'everything' : 'accounts')
}
