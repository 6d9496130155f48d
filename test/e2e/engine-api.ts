import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { inject } from 'vitest'
import { labels, readHolder } from '../../src/adapters/docker/owner.ts'

/**
 * The private engine asked directly, for what a test only sets up, looks at and clears away: a start of the docker
 * CLI takes more of the processor than most of what it is asked for.
 */
export interface EngineApi {
  /** `name state` of the project's containers, running or not, sorted. */
  readonly containers: (project: string) => Promise<readonly string[]>
  /** Names of the volumes whose name begins so, sorted. */
  readonly volumes: (beginning: string) => Promise<readonly string[]>
  /** Runs a shell line in the service's running container, and returns what it printed. Throws when it fails. */
  readonly inside: (project: string, service: string, line: string) => Promise<string>
  /** Helpers, containers and volumes of trials whose program has ended: those of others at work are none. */
  readonly leftBehind: () => Promise<readonly string[]>
  /** Removes containers, volumes and networks of a project, and the volumes whose name begins with its name. */
  readonly clear: (project: string) => Promise<void>
  /** Removes volumes that nothing uses. */
  readonly removeVolumes: (names: readonly string[]) => Promise<void>
}

export function privateEngine(): Docker {
  return new Docker({ socketPath: inject('engine').host.replace('unix://', '') })
}

export function engineApi(): EngineApi {
  const docker = privateEngine()
  const containersOf = (project: string, service?: string): Promise<Docker.ContainerInfo[]> =>
    docker.listContainers({
      all: true,
      filters: {
        label: [
          ofProject(project),
          ...(service === undefined ? [] : [`com.docker.compose.service=${service}`]),
        ],
      },
    })
  const volumeNames = async (label: readonly string[] = []): Promise<readonly string[]> => {
    const { Volumes } = await docker.listVolumes({ filters: { label: [...label] } })
    // Version 20.10 says null where there are none.
    return ((Volumes ?? []) as readonly { readonly Name: string }[]).map(({ Name }) => Name)
  }
  const self: EngineApi = {
    containers: async project => {
      const found = await containersOf(project)
      return found.map(({ Names, State }) => `${(Names[0] ?? '').replace(/^\//, '')} ${State}`).toSorted()
    },
    volumes: async beginning => (await volumeNames()).filter(name => name.startsWith(beginning)).toSorted(),
    inside: async (project, service, line) => {
      const running = (await containersOf(project, service)).find(({ State }) => State === 'running')
      if (running === undefined)
        throw new Error(`${service} does not run: ${(await self.containers(project)).join(', ')}`)
      const { code, stdout, stderr } = await runInside(docker, running.Id, line)
      if (code !== 0) throw new Error(`in ${service}: ${line}: ${stderr}${stdout}`)
      return stdout.trim()
    },
    leftBehind: async () => {
      const filters = { label: [labels.helper] }
      const containers = await docker.listContainers({ all: true, filters })
      const { Volumes } = await docker.listVolumes({ filters })
      return [
        ...containers.map(({ Names, Labels }) => ({ name: Names[0] ?? '', label: Labels[labels.helper] })),
        ...(Volumes ?? []).map(({ Name, Labels }) => ({ name: Name, label: Labels[labels.helper] })),
      ].flatMap(({ name, label }) => (hasEnded(readHolder(label)?.pid ?? null) ? [name] : []))
    },
    clear: async project => {
      const containers = await containersOf(project)
      await Promise.all(
        containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
      )
      const labelled = await volumeNames([ofProject(project)])
      const named = await self.volumes(project)
      await self.removeVolumes([...new Set([...labelled, ...named])])
      const networks = await docker.listNetworks({ filters: { label: [ofProject(project)] } })
      await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())))
    },
    removeVolumes: async names => {
      await Promise.all(names.map(name => gone(docker.getVolume(name).remove({ force: true }))))
    },
  }
  return self
}

/** All tests are on this machine. */
function hasEnded(pid: number | null): boolean {
  if (pid === null) return false
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

function ofProject(project: string): string {
  return `com.docker.compose.project=${project}`
}

async function runInside(
  docker: Docker,
  container: string,
  line: string,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const exec = await docker
    .getContainer(container)
    .exec({ Cmd: ['sh', '-c', line], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({})
  const [out, err] = [new PassThrough(), new PassThrough()]
  docker.modem.demuxStream(stream, out, err)
  stream.on('close', () => {
    out.end()
    err.end()
  })
  const [stdout, stderr] = await Promise.all([text(out), text(err)])
  return { code: await exitCode(exec), stdout, stderr }
}

async function exitCode(exec: Docker.Exec): Promise<number> {
  for (;;) {
    const { Running, ExitCode } = await exec.inspect()
    if (!Running && ExitCode !== null) return ExitCode
    // Its output ends a moment before it is seen to have ended.
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** What somebody else removes at this moment is gone as well; what another project still uses goes with that one. */
async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number }
    if (![403, 404, 409].includes(statusCode ?? 0)) throw error
  }
}
