import { readFileSync } from 'node:fs'
import type { Suite } from './apt.ts'

/** How containers of an image run, in the words of the image specification. */
export type ImageConfig = {
  Env: string[]
  Cmd: string[]
  Entrypoint?: string[]
  Volumes?: Record<string, object>
  ExposedPorts?: Record<string, object>
  WorkingDir?: string
  StopSignal?: string
}

/** How an image is built from Debian's packages, with the contract of the official image of that name. */
export type Recipe = {
  config: ImageConfig
  files: { path: string; text: string; mode: number }[]
} & (
  | { kind: 'busybox' }
  | {
      kind: 'debian'
      suite: Suite
      packages: string[]
      /** Made before the packages are installed, with the official image's number 999. */
      account: { name: string; home: string }
      /** Shell commands, run inside the new root. */
      setup: string
    }
)

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Those of servers that are out of support, which only the long tests ask for. */
export const olderRecipes: Readonly<Record<string, Recipe>> = {
  'postgres:13': postgres('13', 'bullseye'),
  'mariadb:10.5': mariadb('10.5', 'bullseye'),
  'redis:6': redis('6', 'bullseye'),
}

export const recipes: Readonly<Record<string, Recipe>> = {
  busybox: {
    kind: 'busybox',
    config: { Env: [path], Cmd: ['sh'] },
    files: accounts('BusyBox', 'busybox'),
  },
  alpine: {
    kind: 'busybox',
    config: { Env: [path], Cmd: ['/bin/sh'] },
    files: accounts('Alpine Linux', 'alpine'),
  },
  'postgres:15': postgres('15', 'bookworm'),
  'postgres:17': postgres('17', 'trixie'),
  'postgres:18': postgres18(),
  'redis:7': redis('7', 'bookworm'),
  'valkey:8': {
    kind: 'debian',
    suite: 'trixie',
    packages: ['valkey-server', 'gosu'],
    account: { name: 'valkey', home: '/home/valkey' },
    setup: 'rm -rf /var/lib/valkey /etc/valkey; install -d -o valkey -g valkey /data',
    files: [
      script('redis-entrypoint.sh', '/usr/local/bin/docker-entrypoint.sh', text =>
        text.replaceAll('redis', 'valkey'),
      ),
    ],
    config: {
      Env: [path, 'VALKEY_VERSION=8'],
      Volumes: { '/data': {} },
      WorkingDir: '/data',
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['valkey-server'],
      ExposedPorts: { '6379/tcp': {} },
    },
  },
  // With SQLite, as module and as program; a PATH without /usr/local/bin hides the program.
  'python:3': {
    kind: 'debian',
    suite: 'bookworm',
    packages: ['python3', 'sqlite3'],
    account: { name: 'app', home: '/home/app' },
    setup: 'mv /usr/bin/sqlite3 /usr/local/bin/',
    files: [],
    config: { Env: [path, 'LANG=C.UTF-8', 'PYTHON_VERSION=3'], Cmd: ['python3'] },
  },
  'mysql:9': {
    kind: 'debian',
    suite: 'sid',
    packages: ['mysql-server-core', 'mysql-client-core', 'gosu'],
    account: { name: 'mysql', home: '/home/mysql' },
    setup: [
      'rm -rf /var/lib/mysql',
      'install -d -o mysql -g mysql -m 1777 /run/mysqld /var/run/mysqld',
      'install -d -o mysql -g mysql /var/lib/mysql /var/lib/mysql-files',
      'install -d /docker-entrypoint-initdb.d',
    ].join('\n'),
    files: [script('mysql-entrypoint.sh', '/usr/local/bin/docker-entrypoint.sh')],
    config: {
      Env: [path, 'LANG=C.UTF-8', 'MYSQL_MAJOR=9'],
      Volumes: { '/var/lib/mysql': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['mysqld'],
      ExposedPorts: { '3306/tcp': {} },
    },
  },
  'mariadb:10.11': mariadb('10.11', 'bookworm'),
}

function postgres(major: string, suite: Suite): Recipe {
  return {
    kind: 'debian',
    suite,
    packages: [`postgresql-${major}`, 'gosu'],
    account: { name: 'postgres', home: '/var/lib/postgresql' },
    setup: [
      'rm -rf /var/lib/postgresql /etc/postgresql',
      'install -d -o postgres -g postgres /var/lib/postgresql',
      'install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data',
      'install -d -o postgres -g postgres -m 3777 /run/postgresql',
      'install -d /docker-entrypoint-initdb.d',
      `sed -i "s/^#*listen_addresses *=.*/listen_addresses = '*'/" /usr/share/postgresql/${major}/postgresql.conf.sample`,
    ].join('\n'),
    files: [script('postgres-entrypoint.sh', '/usr/local/bin/docker-entrypoint.sh')],
    config: {
      Env: [
        `${path}:/usr/lib/postgresql/${major}/bin`,
        'LANG=C.UTF-8',
        `PG_MAJOR=${major}`,
        'PGDATA=/var/lib/postgresql/data',
      ],
      Volumes: { '/var/lib/postgresql/data': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      StopSignal: 'SIGINT',
      ExposedPorts: { '5432/tcp': {} },
    },
  }
}

function redis(version: string, suite: Suite): Recipe {
  return {
    kind: 'debian',
    suite,
    packages: ['redis-server', 'gosu'],
    account: { name: 'redis', home: '/home/redis' },
    setup: 'rm -rf /var/lib/redis /etc/redis; install -d -o redis -g redis /data',
    files: [script('redis-entrypoint.sh', '/usr/local/bin/docker-entrypoint.sh')],
    config: {
      Env: [path, `REDIS_VERSION=${version}`],
      Volumes: { '/data': {} },
      WorkingDir: '/data',
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['redis-server'],
      ExposedPorts: { '6379/tcp': {} },
    },
  }
}

function mariadb(version: string, suite: Suite): Recipe {
  return {
    kind: 'debian',
    suite,
    packages: ['mariadb-server', 'mariadb-backup', 'gosu'],
    account: { name: 'mysql', home: '/home/mysql' },
    setup: [
      'rm -rf /var/lib/mysql /etc/mysql/debian.cnf',
      'install -d -o mysql -g mysql -m 1777 /run/mysqld',
      'install -d -o mysql -g mysql /var/lib/mysql',
      'install -d /docker-entrypoint-initdb.d',
      `sed -i '/^bind-address/d; /^user *=/d' /etc/mysql/mariadb.conf.d/*.cnf`,
      `printf '[mariadb]\\nhost-cache-size=0\\nskip-name-resolve\\n' > /etc/mysql/mariadb.conf.d/05-skipcache.cnf`,
    ].join('\n'),
    files: [
      script('mariadb-entrypoint.sh', '/usr/local/bin/docker-entrypoint.sh'),
      script('mariadb-healthcheck.sh', '/usr/local/bin/healthcheck.sh'),
    ],
    config: {
      Env: [path, 'LANG=C.UTF-8', `MARIADB_VERSION=${version}`],
      Volumes: { '/var/lib/mysql': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['mariadbd'],
      ExposedPorts: { '3306/tcp': {} },
    },
  }
}

/** From 18 on the VOLUME is the parent, and each major version has a folder of its own in it. */
function postgres18(): Recipe {
  const { config, ...recipe } = postgres('18', 'sid') as Recipe & { kind: 'debian' }
  return {
    ...recipe,
    setup: recipe.setup.replace(
      'install -d -o postgres -g postgres /var/lib/postgresql\ninstall -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data',
      'install -d -o postgres -g postgres -m 1777 /var/lib/postgresql',
    ),
    files: [...recipe.files, script('postgres-18-entrypoint.sh', '/usr/local/bin/docker-ensure-layout.sh')],
    config: {
      ...config,
      Env: config.Env.map(line =>
        line.startsWith('PGDATA=') ? 'PGDATA=/var/lib/postgresql/18/docker' : line,
      ),
      Volumes: { '/var/lib/postgresql': {} },
      Entrypoint: ['docker-ensure-layout.sh'],
    },
  }
}

function script(
  file: string,
  path: string,
  edit: (text: string) => string = text => text,
): Recipe['files'][number] {
  const text = edit(readFileSync(new URL(`images/${file}`, import.meta.url), 'utf8'))
  return { path, text, mode: 0o755 }
}

function accounts(name: string, id: string): Recipe['files'] {
  return [
    {
      path: '/etc/passwd',
      text: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
      mode: 0o644,
    },
    { path: '/etc/group', text: 'root:x:0:\nnobody:x:65534:\n', mode: 0o644 },
    { path: '/etc/os-release', text: `NAME="${name}"\nID=${id}\n`, mode: 0o644 },
  ]
}
