/** A Compose file as data: JSON is YAML too. */
export interface ComposeFile {
  name?: string
  services: Record<string, Service>
  volumes?: Record<string, Record<string, unknown> | null>
  networks?: Record<string, Record<string, unknown> | null>
  configs?: Record<string, Record<string, unknown>>
  secrets?: Record<string, Record<string, unknown>>
}

type Service = Record<string, unknown>
type Edit = (file: ComposeFile) => void

/** One edit of a small project, and the command after it. */
export interface PlanCase {
  readonly title: string
  /** Changes the file before the project comes up for the first time. */
  readonly first?: Edit
  /** What is done after the first `up -d`: lines of `compose …` or `docker …`; `{p}` is the project's name. */
  readonly steps?: readonly string[]
  /** Changes the file once the project is up. */
  readonly edit?: Edit
  /** The words after `docker compose`; `up -d` where nothing is said. */
  readonly command?: string
  /** Words that choose the project, before the command. */
  readonly globals?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly input?: string
  /** Compose that has it: `v2` where version 1 lacks it, or a least version. */
  readonly since?: string
  /** Only the run can tell, and the plan must say so. */
  readonly unsure?: true
  /** Compose fails, and the plan must say so. */
  readonly fails?: true
  /** Small enough for every run of the end-to-end tests; the others are in the long ones. */
  readonly everyday?: true
}

const sleeper = { image: 'busybox', command: ['sleep', '600'], stop_grace_period: '0s' }

/** A database with named and anonymous data, a web server that depends on it, and a service behind a profile. */
export function aFile(): ComposeFile {
  return {
    services: {
      db: { ...sleeper, volumes: ['data:/data', '/anon'] },
      web: { ...sleeper, depends_on: ['db'], volumes: ['site:/site'] },
      tool: { ...sleeper, profiles: ['tools'], volumes: ['tooldata:/t'] },
    },
    volumes: { data: {}, site: {}, tooldata: {} },
  }
}

const service = (name: string, more: Service): Edit => {
  return file => {
    file.services[name] = { ...file.services[name], ...more }
  }
}
const db = (more: Service) => service('db', more)
const web = (more: Service) => service('web', more)
const volume = (key: string, more: Record<string, unknown>): Edit => {
  return file => {
    file.volumes = { ...file.volumes, [key]: more }
  }
}
const both = (...edits: readonly Edit[]): Edit => {
  return file => {
    for (const edit of edits) edit(file)
  }
}
const without = (name: string): Edit => {
  return file => {
    delete file.services[name]
  }
}

/** Edits of the file, and an `up -d` after them. */
export const edits: readonly PlanCase[] = [
  // ---- Nothing, and everything
  { title: 'nothing changed', everyday: true },
  { title: 'the first up', steps: ['compose down -v'], everyday: true },
  { title: 'create from nothing', steps: ['compose down -v'], command: 'create' },
  { title: 'up --no-start from nothing', steps: ['compose down -v'], command: 'up --no-start' },
  { title: 'up of one service from nothing', steps: ['compose down -v'], command: 'up -d db' },
  { title: 'up of one service with what it needs', steps: ['compose down -v'], command: 'up -d web' },
  { title: 'up --no-deps from nothing', steps: ['compose down -v'], command: 'up -d --no-deps web' },
  { title: 'after a down, which keeps the volumes', steps: ['compose down'] },

  // ---- Edits of a service
  { title: 'another image', edit: db({ image: 'alpine' }), everyday: true },
  { title: 'another image of what depends', edit: web({ image: 'alpine' }) },
  { title: 'the environment', edit: db({ environment: { A: '1' } }), everyday: true },
  { title: 'an env_file', edit: db({ env_file: ['db.env'] }) },
  { title: 'a label', edit: web({ labels: { a: 'b' } }) },
  { title: 'the command', edit: web({ command: ['sleep', '601'] }) },
  { title: 'the entrypoint', edit: web({ entrypoint: ['sleep'], command: ['600'] }) },
  { title: 'a healthcheck', edit: db({ healthcheck: { test: ['CMD', 'true'], interval: '60s' } }) },
  { title: 'the restart policy', edit: db({ restart: 'unless-stopped' }) },
  { title: 'a port', edit: web({ ports: ['127.0.0.1::80'] }) },
  { title: 'a tmpfs', edit: web({ tmpfs: ['/scratch'] }) },
  { title: 'the stop grace', edit: db({ stop_grace_period: '1s' }) },
  { title: 'the user', edit: web({ user: '1' }) },
  { title: 'the hostname', edit: db({ hostname: 'other' }) },
  { title: 'a container_name', edit: db({ container_name: 'plan-named-{p}' }) },
  { title: 'a pull policy that pulls nothing', edit: db({ pull_policy: 'missing' }), since: 'v2' },
  {
    title: 'an added dependency',
    edit: db({ depends_on: ['third'] }),
    first: file => {
      file.services['third'] = { ...sleeper }
    },
  },
  { title: 'a dropped dependency', edit: web({ depends_on: [] }) },
  { title: 'a profile added', edit: web({ profiles: ['x'] }) },
  {
    title: 'a service added',
    edit: service('more', { ...sleeper, volumes: ['moredata:/m'] }),
    first: volume('moredata', {}),
  },
  { title: 'a service removed from the file', edit: without('web'), everyday: true },
  {
    title: 'a service removed, --remove-orphans',
    edit: without('web'),
    command: 'up -d --remove-orphans',
    everyday: true,
  },
  {
    title: 'a service renamed',
    edit: both(without('web'), service('site', { ...sleeper, volumes: ['site:/site'] })),
    command: 'up -d --remove-orphans',
  },
  { title: 'two replicas by scale', edit: web({ scale: 2 }), since: 'v2' },
  { title: 'three replicas by deploy', edit: web({ deploy: { replicas: 3 } }), since: 'v2' },
  { title: 'no replicas', edit: web({ deploy: { replicas: 0 } }), since: 'v2' },

  // ---- Configs and secrets
  {
    title: 'a config from a file',
    edit: both(web({ configs: ['c'] }), file => {
      file.configs = { c: { file: './db.env' } }
    }),
    since: 'v2',
  },
  {
    title: 'a secret from a file',
    edit: both(web({ secrets: ['s'] }), file => {
      file.secrets = { s: { file: './db.env' } }
    }),
  },
  {
    title: 'a config from another file',
    first: both(web({ configs: ['c'] }), file => {
      file.configs = { c: { file: './db.env' } }
    }),
    edit: file => {
      file.configs = { c: { file: './other.env' } }
    },
    since: 'v2',
  },

  // ---- Edits of volumes
  { title: 'a volume added', edit: both(web({ volumes: ['site:/site', 'more:/more'] }), volume('more', {})) },
  { title: 'a volume dropped', edit: web({ volumes: [] }) },
  {
    title: 'another key',
    edit: both(db({ volumes: ['data2:/data', '/anon'] }), volume('data2', {})),
    everyday: true,
  },
  { title: 'another name', edit: volume('data', { name: '{p}_renamed' }), everyday: true },
  { title: 'external now', edit: volume('data', { external: true, name: '{p}_data' }) },
  {
    title: 'external and missing',
    edit: volume('data', { external: true, name: '{p}_missing' }),
    fails: true,
    everyday: true,
  },
  { title: 'a label of a volume', edit: volume('data', { labels: { a: 'b' } }), since: 'v2' },
  {
    title: 'a label of a volume, --yes',
    edit: volume('data', { labels: { a: 'b' } }),
    command: 'up -d --yes',
    since: '2.34.0',
    everyday: true,
  },
  {
    title: 'a label of a volume, y on standard input',
    edit: volume('data', { labels: { a: 'b' } }),
    input: 'y\n',
    since: '2.32.0',
    unsure: true,
  },
  {
    title: 'driver options of a volume',
    edit: volume('site', { driver_opts: { type: 'tmpfs', device: 'tmpfs' } }),
    since: 'v2',
  },
  {
    title: 'driver options of a volume, create --yes',
    edit: volume('site', { driver_opts: { type: 'tmpfs', device: 'tmpfs' } }),
    command: 'create --yes',
    since: '2.34.0',
  },
  { title: 'another target', edit: db({ volumes: ['data:/elsewhere', '/anon'] }) },
  { title: 'read-only', edit: db({ volumes: ['data:/data:ro', '/anon'] }) },
  { title: 'the anonymous path dropped', edit: db({ volumes: ['data:/data'] }) },
  { title: 'another anonymous path', edit: db({ volumes: ['data:/data', '/anon2'] }) },
  { title: 'named to anonymous: the named one is inherited', edit: db({ volumes: ['/data', '/anon'] }) },
  { title: 'named to a directory', edit: db({ volumes: ['./dir:/data', '/anon'] }) },
  {
    title: 'a volume that the image asks for',
    first: db({ image: 'redis:7', entrypoint: ['sleep'], command: ['600'], volumes: ['data:/other'] }),
    edit: db({ environment: { A: '1' } }),
  },
  {
    title: 'a named volume over that of the image',
    first: db({ image: 'redis:7', entrypoint: ['sleep'], command: ['600'], volumes: [] }),
    edit: db({ volumes: ['data:/data'] }),
  },
  {
    title: 'the mount over that of the image dropped',
    first: db({ image: 'redis:7', entrypoint: ['sleep'], command: ['600'], volumes: ['data:/data'] }),
    edit: db({ volumes: [] }),
  },

  // ---- Networks
  {
    title: 'a network added',
    edit: both(web({ networks: ['default', 'back'] }), file => {
      file.networks = { back: {} }
    }),
  },
  {
    title: 'a network left, and joined again',
    steps: ['docker network disconnect {net} {p}-web-1'],
    since: 'v2',
  },
  {
    title: 'sharing the network of another, unchanged',
    first: service('side', { ...sleeper, network_mode: 'service:db' }),
    unsure: true,
    since: 'v2',
  },
  {
    title: 'sharing the network of another that is recreated',
    first: service('side', { ...sleeper, network_mode: 'service:db' }),
    edit: db({ environment: { A: '1' } }),
    since: 'v2',
  },

  // ---- What the image is
  {
    title: 'a new image under the same name',
    first: db({ image: 'plan-{p}:1' }),
    steps: ['docker tag alpine plan-{p}:1'],
    since: 'v2',
    everyday: true,
  },
]

/** States, flags and commands. */
export const commands: readonly PlanCase[] = [
  // ---- States
  { title: 'one stopped', steps: ['compose stop web'], everyday: true },
  { title: 'all stopped', steps: ['compose stop'] },
  { title: 'one removed', steps: ['compose rm -fs web'] },
  { title: 'the database removed', steps: ['compose rm -fs db'] },
  { title: 'one paused', steps: ['compose pause web'], fails: true, since: 'v2' },
  { title: 'stopped and changed', steps: ['compose stop'], edit: db({ environment: { A: '1' } }) },
  {
    title: 'create leaves what is stopped',
    steps: ['compose stop web'],
    edit: db({ environment: { A: '1' } }),
    command: 'create',
  },
  {
    title: 'one that run left, --remove-orphans',
    steps: ['compose run -T web true'],
    command: 'up -d --remove-orphans',
  },
  { title: 'one that run left, down', steps: ['compose run -T web true'], command: 'down', everyday: true },
  {
    title: 'one that runs by run -d, down --remove-orphans',
    steps: ['compose run -d web'],
    command: 'down --remove-orphans',
  },
  { title: 'one that runs by run -d, stop', steps: ['compose run -d web'], command: 'stop' },
  { title: 'one that runs by run -d, kill', steps: ['compose run -d web'], command: 'kill' },

  // ---- Flags of up
  { title: '--force-recreate', command: 'up -d --force-recreate', everyday: true },
  { title: '--force-recreate of one', command: 'up -d --force-recreate web' },
  { title: '--force-recreate of what others need', command: 'up -d --force-recreate db' },
  { title: '--no-recreate', edit: db({ environment: { A: '1' } }), command: 'up -d --no-recreate' },
  { title: '-V', command: 'up -d -V' },
  { title: '-V and a change', edit: db({ environment: { A: '1' } }), command: 'up -d -V' },
  { title: '--always-recreate-deps', command: 'up -d --always-recreate-deps web' },
  {
    title: '--no-deps of a changed dependency',
    edit: both(db({ environment: { A: '1' } }), web({ labels: { a: 'b' } })),
    command: 'up -d --no-deps web',
  },
  {
    title: 'one service, and its dependency changed',
    edit: db({ environment: { A: '1' } }),
    command: 'up -d web',
  },
  { title: 'the dependency alone, changed', edit: db({ environment: { A: '1' } }), command: 'up -d db' },
  { title: '--scale up', command: 'up -d --scale web=3', everyday: true },
  { title: '--scale down', steps: ['compose up -d --scale web=3'], command: 'up -d --scale web=1' },
  {
    title: '--scale down with one out of date',
    steps: ['compose up -d --scale web=2', 'docker rm -f {p}-web-1'],
    edit: web({ labels: { a: 'b' } }),
    command: 'up -d --no-recreate',
    since: 'v2',
  },
  { title: '--scale to none', command: 'up -d --scale db=0 --scale web=0' },
  { title: 'a service of a profile, by name', command: 'up -d tool', since: 'v2' },
  { title: 'a profile switched on', globals: '--profile tools', everyday: true },
  {
    title: 'a service of a profile by name, changed',
    steps: ['compose --profile tools up -d'],
    edit: service('tool', { labels: { a: 'b' } }),
    command: 'up -d tool',
    since: 'v2',
  },
  { title: '--pull always cannot be told', command: 'up -d --pull never', since: 'v2' },
  { title: 'an unknown service', command: 'up -d nobody', fails: true },

  // ---- restart: true
  {
    title: 'a dependency that restarts',
    first: web({ depends_on: { db: { condition: 'service_started', restart: true } } }),
    edit: db({ environment: { A: '1' } }),
    since: 'v2',
  },
  {
    title: 'restart of what restarts others',
    first: web({ depends_on: { db: { condition: 'service_started', restart: true } } }),
    command: 'restart db',
    since: 'v2',
  },
  {
    title: 'restart --no-deps',
    first: web({ depends_on: { db: { condition: 'service_started', restart: true } } }),
    command: 'restart --no-deps db',
    since: 'v2',
  },

  // ---- Other commands
  { title: 'scale', command: 'scale web=2' },
  {
    title: 'scale --no-deps of a changed project',
    edit: both(db({ environment: { A: '1' } }), web({ labels: { a: 'b' } })),
    command: 'scale --no-deps web=2',
    since: 'v2',
  },
  {
    title: 'scale of a changed project',
    edit: both(db({ environment: { A: '1' } }), web({ labels: { a: 'b' } })),
    command: 'scale web=2',
    since: 'v2',
  },
  { title: 'run', command: 'run -T web true', everyday: true },
  { title: 'run --rm', command: 'run --rm -T db true' },
  { title: 'run -d', command: 'run -d db' },
  { title: 'run from nothing', steps: ['compose down -v'], command: 'run -T web true' },
  { title: 'run --no-deps from nothing', steps: ['compose down -v'], command: 'run --no-deps -T web true' },
  {
    title: 'run with a changed dependency',
    edit: db({ environment: { A: '1' } }),
    command: 'run -T web true',
  },
  { title: 'run --name', command: 'run -T --name plan-{p}-job web true' },
  { title: 'stop', command: 'stop' },
  { title: 'stop of one', command: 'stop db' },
  { title: 'stop with a service out of the file', edit: without('web'), command: 'stop', since: 'v2' },
  { title: 'stop by name', command: 'stop', globals: '-p {p}', since: 'v2' },
  { title: 'start', steps: ['compose stop'], command: 'start' },
  { title: 'start of one that needs another', steps: ['compose stop'], command: 'start web' },
  { title: 'start of one', steps: ['compose stop'], command: 'start db' },
  {
    title: 'start of what was removed',
    steps: ['compose rm -fs db web'],
    command: 'start',
    fails: true,
    since: 'v2',
  },
  { title: 'restart', command: 'restart' },
  { title: 'restart of what is stopped', steps: ['compose stop'], command: 'restart' },
  { title: 'restart of one', command: 'restart db' },
  { title: 'kill', command: 'kill' },
  { title: 'kill of one', command: 'kill web' },
  { title: 'kill with a signal', command: 'kill -s HUP web', unsure: true },
  { title: 'down', command: 'down', everyday: true },
  { title: 'down -v', command: 'down -v', everyday: true },
  {
    title: 'down -v after a recreation: what was inherited stays',
    steps: ['compose up -d --force-recreate'],
    command: 'down -v',
    everyday: true,
  },
  { title: 'down of one', command: 'down web', since: 'v2' },
  { title: 'down -v of one', command: 'down -v web', since: 'v2' },
  {
    title: 'down -v with a stranger on the volume',
    steps: [
      'docker run -d --name plan-{p}-stranger --label com.docker.compose.project.x={p} -v {p}_data:/d busybox sleep 600',
    ],
    command: 'down -v',
  },
  {
    title: 'down -v with an external volume',
    first: volume('site', { external: true, name: '{p}_site' }),
    command: 'down -v',
  },
  {
    title: 'down -v by name',
    first: volume('site', { external: true, name: '{p}_site' }),
    globals: '-p {p}',
    command: 'down -v',
    since: 'v2',
  },
  { title: 'down with a service out of the file', edit: without('web'), command: 'down' },
  { title: 'down --remove-orphans -v', edit: without('web'), command: 'down --remove-orphans -v' },
  {
    title: 'down -v with a profile switched off',
    steps: ['compose --profile tools up -d'],
    command: 'down -v',
    since: 'v2',
  },
  {
    title: 'down -v with a profile switched on',
    steps: ['compose --profile tools up -d'],
    globals: '--profile tools',
    command: 'down -v',
  },
  { title: 'rm of what runs', command: 'rm -f' },
  { title: 'rm of what is stopped', steps: ['compose stop'], command: 'rm -f', everyday: true },
  { title: 'rm without an answer', steps: ['compose stop'], command: 'rm' },
  { title: 'rm -fsv', command: 'rm -fsv', everyday: true },
  { title: 'rm -fsv of one', command: 'rm -fsv db' },
  { title: 'a dry run', edit: db({ environment: { A: '1' } }), command: '--dry-run up -d', since: 'v2' },
]
