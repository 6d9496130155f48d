import type { Readable } from 'node:stream'
import type { DumpForm, Figure } from '../../../model/database.ts'
import { Stop } from '../../../model/failure.ts'
import type { Inside } from '../../../model/ports.ts'
import { jsonLines, pour, refused } from '../server.ts'
import { countedFor, countScript, figuresOf } from './count.ts'
import { literal, login, maintenance, query, quoted, who } from './session.ts'

export async function load(
  inside: Inside,
  { form, stream }: { readonly form: DumpForm; readonly stream: Readable },
  into: string,
): Promise<readonly Figure[]> {
  if (form !== 'pg-custom') throw refused(who, 0, `it reads no dump of the form ${form}`)
  await pour(inside, `${login}exec pg_restore -w --exit-on-error -d "$SC_DATABASE"`, stream, {
    who,
    variables: { SC_DATABASE: into },
  })
  const script = `analyze;\n${countScript(countedFor, { shared: false })}commit;\n`
  return figuresOf(into, await query(inside, into, script))
}

/**
 * Nobody can connect while it is done, and a transaction makes both names new or none. The first of two is the one that
 * may be missing.
 */
export async function swap(inside: Inside, fresh: string, database: string, keepAs: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await swapOnce(inside, fresh, database, keepAs)
    } catch (error) {
      // Who was cut off may be back before the name is changed: from then on it would have to wait.
      if (attempt >= 5 || !isInUse(error)) throw error
    }
  }
}

function isInUse(error: unknown): boolean {
  const failure = error instanceof Stop ? error.failure : null
  return failure?.reason === 'not-possible' && failure.what.includes('is being accessed by other users')
}

async function swapOnce(inside: Inside, fresh: string, database: string, keepAs: string): Promise<void> {
  // Not from a session in one of the two: where they are the maintenance database, another one is there as well.
  const from = [fresh, database].includes(maintenance) ? 'template1' : maintenance
  const both = [fresh, database].map(literal).join(', ')
  await query(
    inside,
    from,
    `
begin;
select pg_terminate_backend(pid) from pg_stat_activity where datname in (${both}) and pid <> pg_backend_pid();
alter database ${quoted(database)} rename to ${quoted(keepAs)};
alter database ${quoted(fresh)} rename to ${quoted(database)};
commit;
`,
  )
}

/** Of `pg_dumpall --globals-only`: what makes, sets up and connects the roles that are not there. */
export async function addRoles(inside: Inside, text: string): Promise<readonly string[]> {
  const there = new Set(
    jsonLines(await query(inside, maintenance, 'select json_build_array(rolname) from pg_roles;')).map(
      ([name]) => String(name),
    ),
  )
  const statements = text.split(/;\n/).map(each => each.replace(/^(--.*\n|\s)+/, ''))
  const roleOf = (statement: string): string | null => {
    const [, plain, withQuotes] =
      /^(?:CREATE|ALTER) ROLE (?:([a-z_][\w$]*)|"((?:[^"]|"")+)")/.exec(statement) ?? []
    return plain ?? withQuotes?.replaceAll('""', '"') ?? null
  }
  const missing = [
    ...new Set(
      statements.flatMap(each => {
        const role = each.startsWith('CREATE ROLE ') ? roleOf(each) : null
        return role === null || there.has(role) ? [] : [role]
      }),
    ),
  ]
  if (missing.length === 0) return []
  const wanted = statements.filter(statement => {
    const role = roleOf(statement)
    if (role !== null) return missing.includes(role)
    // Memberships: of a new role, or in one.
    return statement.startsWith('GRANT ') && missing.some(name => namesIn(statement).includes(name))
  })
  await query(inside, maintenance, wanted.map(each => `${each};\n`).join(''))
  return missing
}

/** Words of a statement that may be names. */
function namesIn(statement: string): readonly string[] {
  return [...statement.matchAll(/"((?:[^"]|"")+)"|([a-z_][\w$]*)/g)].map(
    ([, withQuotes, plain]) => withQuotes?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** With the encoding and the sorting of another one, where it is there. */
export async function create(inside: Inside, name: string, like: string | null): Promise<void> {
  await query(
    inside,
    maintenance,
    `
select coalesce((select format('create database %I template template0 encoding %L lc_collate %L lc_ctype %L',
    ${literal(name)}, pg_encoding_to_char(encoding), datcollate, datctype)
  from pg_database where datname = ${literal(like ?? '')} and datcollate is not null),
  format('create database %I template template0', ${literal(name)}))
\\gexec
`,
  )
}
