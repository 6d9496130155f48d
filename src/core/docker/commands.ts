/**
 * The commands of the docker CLI, 20.10 to 29: their names, what each can do to data, and the flags of those that can.
 * Taken from the reference pages, and probes of 20.10.24, 28.2.2 and 28.5.2. What one version lacks it rejects by
 * itself, so this is the union of all. `flags` is read by flagSet (../grammar/flags.ts).
 */
export interface DockerCommand {
  /** The switch without which the command is harmless. */
  readonly guardedBy?: string
  /** Harmless where the container that it starts is no database's. */
  readonly startsContainer?: boolean
  /** The least and the largest number of positional words; null is no limit. Left out: no limit. */
  readonly args?: readonly [number, number | null]
  /** False where everything from the first positional word on is positional. */
  readonly interspersed?: boolean
  /** Left out: its words are not read. */
  readonly flags?: string
}

/** Before the command. Only `--help` may follow it. */
export const rootFlags = `
  config=text context,c=text debug,D help,h host,H=list log-level,l=text tls tlscacert=text tlscert=text
  tlskey=text tlsverify version,v`

export const persistentFlags = 'help,h'

const runFlags = `
  add-host=list annotation=list attach,a=list blkio-weight=text blkio-weight-device=list cap-add=list
  cap-drop=list cgroup-parent=text cgroupns=text cidfile=text cpu-count=text cpu-percent=text cpu-period=text
  cpu-quota=text cpu-rt-period=text cpu-rt-runtime=text cpu-shares,c=text cpus=text cpuset-cpus=text
  cpuset-mems=text detach,d detach-keys=text device=list device-cgroup-rule=list device-read-bps=list
  device-read-iops=list device-write-bps=list device-write-iops=list disable-content-trust dns=list
  dns-opt=list dns-option=list dns-search=list domainname=text entrypoint=text env,e=list env-file=list
  expose=list gpus=list group-add=list health-cmd=text health-interval=text health-retries=text
  health-start-interval=text health-start-period=text health-timeout=text help hostname,h=text init
  interactive,i io-maxbandwidth=text io-maxiops=text ip=text ip6=text ipc=text isolation=text
  kernel-memory=text label,l=list label-file=list link=list link-local-ip=list log-driver=text log-opt=list
  mac-address=text memory,m=text memory-reservation=text memory-swap=text memory-swappiness=text mount=list
  name=text net=list net-alias=list network=list network-alias=list no-healthcheck oom-kill-disable
  oom-score-adj=text pid=text pids-limit=text platform=text privileged publish,p=list publish-all,P pull=text
  quiet,q read-only restart=text rm runtime=text security-opt=list shm-size=text sig-proxy stop-signal=text
  stop-timeout=text storage-opt=list sysctl=list tmpfs=list tty,t ulimit=list use-api-socket user,u=text
  userns=text uts=text volume,v=list volume-driver=text volumes-from=list workdir,w=text`

const starting: DockerCommand = {
  guardedBy: 'rm',
  startsContainer: true,
  args: [1, null],
  interspersed: false,
  flags: runFlags,
}

/** Words that a shell's completion puts before the rest of a line. */
export const completionWords: readonly string[] = ['__complete', '__completeNoDesc']

/** Those that are looked at, in the order of what they can destroy, the worst first. */
const guarded: Readonly<Record<string, DockerCommand>> = {
  'volume rm': { args: [1, null], flags: 'force,f' },
  // Takes named volumes with -a, and without it on an engine before 23.0.
  'volume prune': { args: [0, 0], flags: 'all,a force,f filter=list' },
  // Takes volumes with --volumes, stopped containers always.
  'system prune': { args: [0, 0], flags: 'all,a force,f filter=list volumes' },
  // Takes anonymous volumes with -v, writable layers always; with --link only a link.
  'container rm': { args: [1, null], flags: 'force,f link,l volumes,v' },
  'container prune': { args: [0, 0], flags: 'force,f filter=list' },
  // A task's container goes with its writable layer and its anonymous volumes.
  'stack rm': { args: [1, null], flags: 'detach,d orchestrator=text namespace=text' },
  'service rm': { args: [1, null], flags: '' },
  // The container goes when it ends, with its writable layer and its anonymous volumes.
  'container run': starting,
  'container create': starting,
  // Loses nothing; what is created may not be what was there.
  'volume create': {
    args: [0, 1],
    flags: `
      availability=text driver,d=text group=text label=list limit-bytes=text name=text opt,o=list
      required-bytes=text scope=text secret=list sharing=text topology-preferred=list topology-required=list
      type=text`,
  },
  // Loses nothing; the next command may meet another engine, without the data.
  'context use': { args: [1, 1], flags: '' },
}

/** The harmless ones of each group, and of the root. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  '': ['help', 'inspect', 'login', 'logout', 'search', 'version', ...completionWords],
  builder: names('prune'),
  checkpoint: names('create ls rm'),
  config: names('create inspect ls rm'),
  container: names(`
    attach commit cp diff exec export inspect kill logs ls pause port rename restart start stats stop top unpause
    update wait`),
  context: names('create export import inspect ls rm show update'),
  image: names('build history import inspect load ls prune pull push rm save tag'),
  manifest: names('annotate create inspect push rm'),
  network: names('connect create disconnect inspect ls prune rm'),
  node: names('demote inspect ls promote ps rm update'),
  plugin: names('create disable enable inspect install ls push rm set upgrade'),
  secret: names('create inspect ls rm'),
  service: names('create inspect logs ls ps rollback scale update'),
  stack: names('config deploy ls ps services'),
  swarm: names('ca init join join-token leave unlock unlock-key update'),
  system: names('df dial-stdio events info'),
  trust: names('inspect key revoke sign signer'),
  volume: names('inspect ls update'),
}

/** Names at the root of what stands in a group. */
const rootNames: Readonly<Record<string, readonly string[]>> = {
  container: names(`
    attach commit cp create diff exec export kill logs pause port ps rename restart rm run start stats stop top
    unpause update wait`),
  image: names('build history images import load pull push rmi save tag'),
  system: names('events info'),
}

function names(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}

/** Other names of a group's commands; the first two in every group that has such a command. */
const otherNames: Readonly<Record<string, string>> = {
  list: 'ls',
  remove: 'rm',
  'container ps': 'ls',
  'image images': 'ls',
  'image rmi': 'rm',
  'stack down': 'rm',
  'stack up': 'deploy',
}

const commands: ReadonlyMap<string, DockerCommand> = new Map([
  ...Object.entries(guarded),
  ['compose', {}],
  ...Object.entries(harmless).flatMap(([group, names]) =>
    names.map((name): [string, DockerCommand] => [group === '' ? name : `${group} ${name}`, {}]),
  ),
])

/** The command of this path; null for a group and for what the grammar does not know. */
export function commandOf(path: readonly string[]): DockerCommand | null {
  return commands.get(path.join(' ')) ?? null
}

/** Whether the path names no command of its own but a group of them: docker itself, `volume`, `container`. */
export function isGroup(path: readonly string[]): boolean {
  return path.length < 2 && Object.hasOwn(harmless, path[0] ?? '')
}

/** The path, under its first name, of the command or group that `word` names below `path`; null if it is none. */
export function findCommand(path: readonly string[], word: string): readonly string[] | null {
  if (word === '' || word.includes(' ')) return null
  const [group] = path
  if (group !== undefined) return findInGroup(group, word)
  const home = Object.keys(rootNames).find(each => rootNames[each]?.includes(word))
  if (home !== undefined) return findInGroup(home, word)
  return commands.has(word) || isGroup([word]) ? [word] : null
}

function findInGroup(group: string, word: string): readonly string[] | null {
  const name = otherNames[`${group} ${word}`] ?? (Object.hasOwn(otherNames, word) ? otherNames[word] : word)
  const path = [group, name ?? word]
  return commandOf(path) === null ? null : path
}

/** How much a guarded command can destroy: the smaller, the more; -1 for one that is not guarded. */
export function destructionRank(path: readonly string[]): number {
  return Object.keys(guarded).indexOf(path.join(' '))
}
