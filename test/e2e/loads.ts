/**
 * How a database is written to in a test, so that what is in it afterwards tells whether it is of one moment. All lines
 * are those of a shell in its container.
 */
export interface Load {
  readonly image: string
  readonly mount: string
  readonly environment: Readonly<Record<string, string>>
  readonly command: readonly string[] | null
  /** Ends with 0 as soon as it can be asked. */
  readonly isUp: string
  readonly fill: string
  /** Writes until there is a file `/tmp/enough`, which it removes. */
  readonly write: string
  /** Prints how many transfers there were. */
  readonly count: string
  /** Prints how many transfers there were, and sums that are all the same at any one moment. */
  readonly sums: string
}

const untilEnough = 'until [ -e /tmp/enough ]; do sleep 0.2; done'

export function pgbench(image: string): Load {
  const withPgbench = 'PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin | tail -n 1);'
  const sql = (statement: string): string => `psql -q -tA -U postgres -c "${statement}"`
  return {
    image,
    mount: image.endsWith(':18') ? '/var/lib/postgresql' : '/var/lib/postgresql/data',
    environment: { POSTGRES_PASSWORD: 'secret-word' },
    command: null,
    isUp: 'pg_isready -h 127.0.0.1 -U postgres',
    fill: `${withPgbench} pgbench -q -i -s 5 -U postgres postgres`,
    write: `${withPgbench} pgbench -n -c 4 -j 2 -T 600 -U postgres postgres >/dev/null 2>&1 & pid=$!
      ${untilEnough}; kill $pid; rm /tmp/enough`,
    count: sql('select count(*) from pgbench_history'),
    sums: sql(`select concat_ws(' ', (select count(*) from pgbench_history),
      (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches),
      (select sum(tbalance) from pgbench_tellers), (select coalesce(sum(delta), 0) from pgbench_history))`),
  }
}

/** Transfers between two tables, each with a line in a third, and a table of another engine that is written to as well. */
export function transfers(image: string, command: readonly string[] | null = null): Load {
  const client = 'mariadb -uroot -psecret-word -N'
  return {
    image,
    mount: '/var/lib/mysql',
    environment: { MARIADB_ROOT_PASSWORD: 'secret-word', MARIADB_DATABASE: 'shop' },
    command,
    isUp: `${client} -h127.0.0.1 shop -e 'select 1'`,
    fill: `${client} shop <<'SQL'
create table debit (id int primary key, n bigint not null);
create table credit (id int primary key, n bigint not null);
create table history (id bigint primary key auto_increment, n int not null, filler varchar(200) not null);
create table notes (id bigint primary key auto_increment, note text) engine=Aria;
insert into debit select seq, 0 from seq_1_to_100;
insert into credit select seq, 0 from seq_1_to_100;
create table bulk as select seq as id, repeat(md5(seq), 8) as filler from seq_1_to_100000;
create user reader@localhost identified by 'another-word';
grant select on shop.* to reader@localhost;
delimiter //
create procedure work()
begin
  declare n int;
  loop
    set n = floor(1 + rand() * 1000);
    begin
      declare exit handler for 1213, 1205 rollback;
      start transaction;
      update debit set debit.n = debit.n - n where id = 1 + n % 100;
      insert into history (n, filler) values (n, repeat('x', n % 200));
      update credit set credit.n = credit.n + n where id = 1 + (n * 7) % 100;
      commit;
    end;
    if n < 50 then insert into notes (note) values (n); end if;
  end loop;
end //
SQL`,
    write: `for client in 1 2 3; do ${client} shop -e 'call work()' >/dev/null 2>&1 & pids="$pids $!"; done
      ${untilEnough}
      ${client} -e "select concat('kill ', id, ';') from information_schema.processlist where info like '%work()%' or (db = 'shop' and id <> connection_id())" | ${client} --force
      wait $pids; rm /tmp/enough`,
    count: `${client} shop -e 'select count(*) from history'`,
    sums: `${client} shop -e "select concat_ws(' ', (select count(*) from history),
      (select coalesce(sum(n), 0) from history), -(select sum(n) from debit), (select sum(n) from credit))"`,
  }
}

/** Scripts, which are whole or not at all, and a log that is rewritten again and again, where there is one. */
export function scripts(server: 'redis' | 'valkey', image: string, words: readonly string[]): Load {
  const transfer =
    "local n = math.random(1000); redis.call('incrby', 'debit', -n); redis.call('rpush', 'history', n); redis.call('incrby', 'credit', n)"
  const cli = `${server}-cli`
  return {
    image,
    mount: '/data',
    environment: {},
    command: [`${server}-server`, ...words],
    isUp: `${cli} ping | grep -q PONG`,
    fill: `${server}-benchmark -q -n 20000 -r 1000000 -d 1000 set key:__rand_int__ __rand_int__ >/dev/null; ${cli} set debit 0; ${cli} set credit 0`,
    write: `${server}-benchmark -q -c 4 -n 100000000 eval "${transfer}" 0 >/dev/null 2>&1 & pid=$!
      until [ -e /tmp/enough ]; do ${words.includes('--appendonly') ? `${cli} bgrewriteaof >/dev/null; ` : ''}sleep 0.2; done
      kill $pid; rm /tmp/enough`,
    count: `${cli} llen history`,
    sums: `${cli} eval "local sum = 0; for _, n in ipairs(redis.call('lrange', 'history', 0, -1)) do sum = sum + n end
      return {redis.call('llen', 'history'), sum, -redis.call('get', 'debit'), tonumber(redis.call('get', 'credit'))}" 0`,
  }
}

/** Transfers in two databases of one volume, and a file beside them; `path` decides which program is found. */
export function sqlite(path: string): Load {
  const python = (statements: string): string => `python3 - <<'END'
import os, random, sqlite3
def opened(name):
    return sqlite3.connect(name, timeout=60, isolation_level=None)
shop = opened("/data/shop.db")
${statements}
END`
  const ask = (query: string): string => python(`print(*shop.execute("""${query}""").fetchone())`)
  return {
    image: 'python:3',
    mount: '/data',
    environment: { PATH: path },
    command: ['sh', '-c', 'trap exit TERM; while :; do sleep 0.2; done'],
    isUp: 'true',
    fill: `mkdir -p /data/sub && echo hello > '/data/sub/read me.txt' && touch -d '1 hour ago' '/data/sub/read me.txt'
${python(`
shop.executescript("""
  pragma journal_mode = wal;
  create table debit (id integer primary key, n integer not null);
  create table credit (id integer primary key, n integer not null);
  create table history (id integer primary key, n integer not null, filler text not null);
  create table bulk as with recursive seq (n) as (select 1 union all select n + 1 from seq where n < 100000)
    select n, hex(randomblob(100)) as filler from seq;
""")
for table in ("debit", "credit"):
    shop.executemany(f"insert into {table} values (?, 0)", [(n,) for n in range(100)])
opened("/data/sub/notes.db").executescript("pragma journal_mode = wal; create table notes (note text);")`)}
chown -R 1000:1000 /data && chmod 640 /data/shop.db`,
    write: python(`
notes = opened("/data/sub/notes.db")
while not os.path.exists("/tmp/enough"):
    n = random.randrange(1, 1000)
    shop.execute("begin immediate")
    shop.execute("update debit set n = n - ? where id = ?", (n, n % 100))
    shop.execute("insert into history (n, filler) values (?, ?)", (n, "x" * n))
    shop.execute("update credit set n = n + ? where id = ?", (n, n * 7 % 100))
    shop.execute("commit")
    if n < 50: notes.execute("insert into notes values (?)", (n,))
os.remove("/tmp/enough")`),
    count: ask('select count(*) from history'),
    sums: ask(`select (select count(*) from history), (select coalesce(sum(n), 0) from history),
      -(select sum(n) from debit), (select sum(n) from credit)`),
  }
}
