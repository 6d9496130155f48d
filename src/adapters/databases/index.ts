import type { ServerKind } from '../../model/database.ts'
import type { Databases, DatabaseServer, Inside } from '../../model/ports.ts'
import { mysql } from './mysql.ts'
import { postgresql } from './postgresql.ts'
import { redis } from './redis.ts'

/** A server in a container, by its kind. To add one: a file beside these, and a line here. */
const kinds: Readonly<Record<ServerKind, (inside: Inside) => DatabaseServer>> = { postgresql, mysql, redis }

export const databases: Databases = { server: (kind, inside) => kinds[kind](inside) }
