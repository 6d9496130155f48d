import { describe, expect, test } from 'vitest'
import { isServers } from '../../src/adapters/databases/copy-mysql.ts'

describe('what lies in a data directory', () => {
  test.each([
    './shop/orders.ibd',
    './shop/db.opt',
    './shop/#sql-alter-1-7.frm',
    './ibdata1',
    './ibtmp1',
    './undo003',
    './ib_logfile0',
    './aria_log.00000002',
    './aria_log_control',
    './ddl_recovery.log',
    './ddl_recovery-backup.log',
    './db1.pid',
    './tc.log',
  ])('%s is seen to by the server and its program', path => {
    expect(isServers(path)).toBe(true)
  })

  test.each([
    './.my-healthcheck.cnf',
    './mysql_upgrade_info',
    './multi-master.info',
    './ib_buffer_pool',
    './slow.log',
    './binlog.000001',
    './shop/read me.txt',
    './old/ibdata1',
  ])('%s is copied as it is', path => {
    expect(isServers(path)).toBe(false)
  })
})
