import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { runFolder } from './cache.ts'
import { attempt, run, until } from './run.ts'

/** Where one private engine lives. */
export type Place = {
  name: string
  /** Sockets and pid files. */
  run: string
  /** Configuration, logs and the data-root. */
  home: string
  dataRoot: string
  socket: string
  /** Name of its network namespace; null for the machine's own (to pull images, never to run containers). */
  netns: string | null
}

/** The place of the engine `name` whose data is under `home`. */
export function placeOf(name: string, home: string, network: 'own' | 'machine' = 'own'): Place {
  const run = join(runFolder, name)
  const netns = network === 'own' ? `sct-${runFolder.slice(-8)}-${name}` : null
  return { name, run, home, dataRoot: join(home, 'data'), socket: join(run, 'docker.sock'), netns }
}

/** Whether the engine at this place answers. */
export function answers(place: Place): Promise<boolean> {
  return new Promise(resolve => {
    const ping = request({ socketPath: place.socket, path: '/_ping', timeout: 5000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy(new Error('no answer')))
    ping.on('error', () => resolve(false))
    ping.end()
  })
}

/**
 * Starts containerd and dockerd from the folder `bin`, in a network namespace of their own, and returns when the
 * engine answers. They outlive this process. What a killed engine has left at this place is cleared first.
 */
export async function startDaemon(place: Place, bin: string): Promise<void> {
  await stopDaemon(place)
  for (const folder of [place.run, place.dataRoot]) mkdirSync(folder, { recursive: true, mode: 0o711 })
  if (place.netns) {
    await run('ip', ['netns', 'add', place.netns])
    await run('ip', ['-n', place.netns, 'link', 'set', 'lo', 'up'])
  }
  const containerd = join(place.run, 'containerd.sock')
  writeFileSync(join(place.home, 'containerd.toml'), containerdConfig(place, containerd))
  writeFileSync(join(place.home, 'daemon.json'), daemonConfig(place, bin))
  launch(place, 'containerd', bin, ['--config', join(place.home, 'containerd.toml')])
  await mustCome(place, 'containerd', () => existsSync(containerd))
  const options = {
    'config-file': join(place.home, 'daemon.json'),
    containerd,
    'data-root': place.dataRoot,
    'exec-root': join(place.run, 'exec'),
    pidfile: join(place.run, 'dockerd-own.pid'),
    host: `unix://${place.socket}`,
  }
  launch(
    place,
    'dockerd',
    bin,
    Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  )
  await mustCome(place, 'dockerd', () => answers(place))
}

/** Stops the engine in good order (its containers get their time to end) and clears what it leaves outside its home. */
export async function stopDaemon(place: Place): Promise<void> {
  for (const program of ['dockerd', 'containerd']) {
    const pid = pidOf(place, program)
    if (pid === null) continue
    process.kill(pid, 'SIGTERM')
    if (!(await until(() => pidOf(place, program) === null, 60_000))) process.kill(pid, 'SIGKILL')
    await until(() => pidOf(place, program) === null, 10_000)
  }
  await endContainers(place)
  await unmountBelow(place.run)
  await unmountBelow(place.dataRoot)
  if (place.netns && existsSync(`/run/netns/${place.netns}`))
    await run('ip', ['netns', 'delete', place.netns])
  removeGroups(place)
  rmSync(place.run, { recursive: true, force: true })
}

/** Kills dockerd and containerd at once (SIGKILL). Containers go on without them, as after a crash. */
export async function killDaemon(place: Place): Promise<void> {
  for (const program of ['dockerd', 'containerd']) {
    const pid = pidOf(place, program)
    if (pid !== null) process.kill(pid, 'SIGKILL')
  }
  const gone = () => ['dockerd', 'containerd'].every(program => pidOf(place, program) === null)
  if (!(await until(gone, 10_000))) throw new Error(`the engine ${place.name} survived SIGKILL`)
}

/** The process id of `dockerd` or `containerd` of this place, null when it does not run. */
export function pidOf(place: Place, program: string): number | null {
  const file = join(place.run, `${program}.pid`)
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8'))
  return commandLine(pid).includes(place.home) && stateOf(pid) !== 'Z' ? pid : null
}

/** Unmounts a folder and everything mounted below it, the deepest first. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(parseInt(code, 8)),
      ),
    )
    .filter(path => path === folder || path.startsWith(`${folder}/`))
  for (const path of mounts.toSorted().toReversed()) await run('umount', ['-l', path])
}

/** Runs detached, its output in a log file of the engine's home. */
function launch(place: Place, program: string, bin: string, args: string[]): void {
  const log = openSync(join(place.home, `${program}.log`), 'w')
  const own = place.netns ? ['nsenter', `--net=/run/netns/${place.netns}`] : []
  const [command, ...rest] = [...own, join(bin, program), ...args]
  const child = spawn(command!, rest, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
  })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  writeFileSync(join(place.run, `${program}.pid`), String(child.pid ?? 0))
}

async function mustCome(
  place: Place,
  program: string,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  let here = false
  const started = Date.now()
  await until(async () => {
    here = await check()
    return here || (Date.now() - started > 1000 && pidOf(place, program) === null)
  }, 120_000)
  if (here) return
  const log = join(place.home, `${program}.log`)
  const said = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n')
  await stopDaemon(place)
  throw new Error(`the test engine's ${program} does not come up; the end of ${log}:\n${said}`)
}

function containerdConfig(place: Place, socket: string): string {
  const shared = ['io.containerd.grpc.v1.cri', 'io.containerd.nri.v1.nri', 'io.containerd.internal.v1.opt']
  return `version = 2
root = ${JSON.stringify(join(place.home, 'containerd'))}
state = ${JSON.stringify(join(place.run, 'containerd'))}
disabled_plugins = ${JSON.stringify(shared)}
[grpc]
  address = ${JSON.stringify(socket)}
`
}

/** cgroupfs, because systemd's groups need a systemd that is not on every machine. */
function daemonConfig(place: Place, bin: string): string {
  // An old engine would put its key, and with it its id, where one installed on this machine has them.
  const old = readFileSync(join(bin, 'version'), 'utf8').startsWith('20.')
  const network = place.netns
    ? {}
    : { bridge: 'none', iptables: false, ip6tables: false, 'ip-forward': false, 'ip-masq': false }
  return JSON.stringify({
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': groupOf(place),
    group: 'root',
    ...(old ? { 'deprecated-key-path': join(place.home, 'key.json') } : {}),
    ...network,
  })
}

function groupOf(place: Place): string {
  return `/safe-compose-test-${place.netns ?? place.name}`
}

/** Ends the containers that a killed engine has left: their shims, and with each its first process. */
async function endContainers(place: Place): Promise<void> {
  const shims = () =>
    processes().filter(
      pid => /containerd-shim/.test(commandLine(pid)) && commandLine(pid).includes(`${place.run}/`),
    )
  const left = shims()
  for (const pid of processes()) if (left.includes(parentOf(pid))) kill(pid)
  for (const pid of left) kill(pid)
  if (!(await until(() => shims().length === 0, 10_000)))
    throw new Error(`containers of the engine ${place.name} do not end: process ${shims().join(', ')}`)
}

/** Removes its control groups, empty by now, in every hierarchy. */
function removeGroups(place: Place): void {
  const root = '/sys/fs/cgroup'
  const hierarchies = existsSync(root) ? [root, ...readdirSync(root).map(name => join(root, name))] : []
  for (const hierarchy of hierarchies) {
    const group = join(hierarchy, groupOf(place))
    if (existsSync(group)) removeGroup(group)
  }
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name))
  try {
    rmdirSync(group)
  } catch (error) {
    // A process that is just ending keeps its group for a moment; an empty group left behind does no harm.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
  }
}

function processes(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0)
}

function commandLine(pid: number): string {
  return procFile(pid, 'cmdline').replaceAll('\0', ' ')
}

function stateOf(pid: number): string {
  return statFields(pid)[0] ?? 'Z'
}

function parentOf(pid: number): number {
  return Number(statFields(pid)[1] ?? 0)
}

/** The fields of /proc/PID/stat after the command's name, which may itself contain spaces and parentheses. */
function statFields(pid: number): string[] {
  const stat = procFile(pid, 'stat')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Empty for a process that has ended meanwhile. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether this machine can run an engine of its own; throws with the reason if not. */
export async function requirePrivileges(): Promise<void> {
  const why =
    process.platform !== 'linux'
      ? 'it needs Linux'
      : process.getuid?.() !== 0
        ? 'it must be started by root (own network namespace and mounts)'
        : (await attempt('unshare', ['--net', '--mount', 'true'])).code !== 0
          ? 'this machine does not let root make namespaces (a container without --privileged?)'
          : null
  if (why) throw new Error(`the test engine cannot be had: ${why}`)
}
