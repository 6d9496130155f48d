import type { DatabaseServer, Inside } from '../../model/ports.ts'
import { askQuery } from './postgresql/ask.ts'
import { check } from './postgresql/check.ts'
import { count } from './postgresql/count.ts'
import { dumps } from './postgresql/dump.ts'
import { addRoles, create, load, swap } from './postgresql/load.ts'
import { copyOnline } from './postgresql/online-copy.ts'
import { repair } from './postgresql/repair.ts'
import { databaseNames, maintenance, query, quoted } from './postgresql/session.ts'
import { status } from './postgresql/status.ts'

export function postgresql(inside: Inside): DatabaseServer {
  return {
    kind: 'postgresql',
    status: () => status(inside),
    ask: (database, question) => askQuery(inside, database, question),
    count: budget => count(inside, budget),
    copyOnline: ({ path }) => copyOnline(inside, path),
    check: () => check(inside),
    repair: { by: 'server', run: () => repair(inside) },
    dumps: () => dumps(inside),
    create: (name, like) => create(inside, name, like),
    load: (dump, into) => load(inside, dump, into),
    drop: async database => {
      await query(inside, maintenance, `drop database if exists ${quoted(database)};`)
    },
    names: () => databaseNames(inside),
    addAccounts: text => addRoles(inside, text),
    swap: (fresh, database, keepAs) => swap(inside, fresh, database, keepAs),
  }
}
