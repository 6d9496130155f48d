/** A database that is saved while somebody writes to it. Lines are those of a shell in its container. */
export interface OnlineDatabase {
  readonly name: string
  readonly image: string
  readonly mount: string
  readonly environment: Readonly<Record<string, string>>
  readonly command: readonly string[] | null
  /** Ends with 0 as soon as it can be asked. */
  readonly isUp: string
  /** Fills it with about `megabytes`. */
  readonly fill: (megabytes: number) => string
  /** A client that answers each statement on its input with a line. */
  readonly client: string
  readonly statement: (number: number) => string
  /** What people save it by, to its output: the data alone, and what scripts add to a tar of the volume. */
  readonly byHand: { readonly name: string; readonly line: string }
  readonly byScripts: { readonly name: string; readonly line: string } | null
}

const postgresql: OnlineDatabase = {
  name: 'PostgreSQL 17',
  image: 'postgres:17',
  mount: '/var/lib/postgresql/data',
  environment: { POSTGRES_PASSWORD: 'secret-word' },
  command: null,
  isUp: 'pg_isready -q -h 127.0.0.1 -U postgres',
  // A step of pgbench's scale makes 15 MB.
  fill: megabytes => `PATH=$PATH:/usr/lib/postgresql/17/bin
    pgbench -q -i -U postgres -s ${Math.ceil(megabytes / 15)} postgres && psql -q -U postgres -c checkpoint`,
  client: 'psql -qtA -U postgres',
  statement: number =>
    `update pgbench_accounts set abalance = abalance + 1 where aid = ${1 + ((number * 7919) % 100_000)}; select 1;`,
  byHand: { name: 'pg_dump', line: 'pg_dump -U postgres postgres' },
  byScripts: { name: 'pg_dumpall', line: 'pg_dumpall -U postgres' },
}

const mariadb: OnlineDatabase = {
  name: 'MariaDB 10.11',
  image: 'mariadb:10.11',
  mount: '/var/lib/mysql',
  environment: { MARIADB_ROOT_PASSWORD: 'secret-word', MARIADB_DATABASE: 'shop' },
  command: null,
  isUp: "mariadb -h127.0.0.1 -uroot -psecret-word shop -e 'select 1'",
  fill: megabytes => `mariadb -uroot -psecret-word shop -e "
    create table bulk (id int primary key, n int not null, filler char(220) not null)
      as select seq as id, 0 as n, repeat(md5(seq), 6) as filler from seq_1_to_${megabytes * 4000}"`,
  client: 'mariadb -n -N -uroot -psecret-word shop',
  statement: number => `update bulk set n = n + 1 where id = ${1 + ((number * 7919) % 100_000)}; select 1;`,
  byHand: {
    name: 'mariadb-dump',
    line: 'mariadb-dump --single-transaction -uroot -psecret-word shop',
  },
  byScripts: {
    name: 'mariadb-dump of all',
    line: 'mariadb-dump --single-transaction --all-databases -uroot -psecret-word',
  },
}

const redis: OnlineDatabase = {
  name: 'Redis 7',
  image: 'redis:7',
  mount: '/data',
  environment: {},
  command: ['redis-server', '--appendonly', 'yes'],
  isUp: 'redis-cli ping | grep -q PONG',
  fill: megabytes => `redis-benchmark -q -t set -n ${megabytes * 1000} -r 1000000000 -d 1000 -P 16 >/dev/null
    redis-cli bgrewriteaof >/dev/null; until redis-cli info persistence | grep -q aof_rewrite_in_progress:0; do sleep 0.2; done`,
  client: 'redis-cli',
  statement: number => `set written:${number % 1000} ${number}`,
  byHand: { name: 'redis-cli --rdb', line: 'redis-cli --rdb -' },
  byScripts: null,
}

const sqlite: OnlineDatabase = {
  name: 'SQLite',
  image: 'python:3',
  mount: '/data',
  environment: {},
  command: ['sleep', '1000000'],
  isUp: 'true',
  fill: megabytes => `sqlite3 /data/app.db "pragma journal_mode = wal;
    create table bulk as with recursive seq (id) as (select 1 union all select id + 1 from seq where id < ${megabytes * 4000})
      select id, 0 as n, hex(randomblob(110)) as filler from seq;
    create unique index bulk_id on bulk (id)"`,
  client: `exec python3 -uc "
import sqlite3, sys
database = sqlite3.connect('/data/app.db', isolation_level=None, timeout=60)
for line in sys.stdin:
    database.execute(line)
    print(1)"`,
  statement: number => `update bulk set n = n + 1 where id = ${1 + ((number * 7919) % 100_000)}`,
  byHand: { name: 'sqlite3 .dump', line: 'sqlite3 /data/app.db .dump' },
  byScripts: null,
}

export const onlineDatabases: readonly OnlineDatabase[] = [postgresql, mariadb, redis, sqlite]
