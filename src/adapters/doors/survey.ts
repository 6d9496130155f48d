import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startIn, takesDocker } from '../../core/doors/alias-lines.ts'
import { blockIn } from '../../core/doors/block.ts'
import { jobsInCrontab, jobsInUnit } from '../../core/doors/jobs.ts'
import { shimTargets } from '../../core/doors/marks.ts'
import { hookedAgents } from '../../core/hook/settings/index.ts'
import { shells } from '../../model/doors.ts'
import type { DoorSurvey, FoundAgent, FoundJob, FoundPlugin, FoundProgram } from '../../model/doors.ts'
import { Stop } from '../../model/failure.ts'
import { startUpFile } from './start-up-file.ts'

/** How it is told what leads where; the finder of the real Compose knows it. */
export interface DoorLook {
  readonly variables: Readonly<Record<string, string>>
  readonly home: string
  /** As Node names it: where a shell reads what it reads. */
  readonly platform: string
  /** Where `install path` places shims if no other folder is named. */
  readonly shims: string
  /** Where we are: a project may have settings of its own for agents. */
  readonly directory: string
  readonly user: { readonly name: string; readonly isRoot: boolean }
  /** The docker CLI's configuration file, and the folders of its plugins in its order. */
  readonly docker: {
    readonly config: string
    readonly folders: readonly { readonly folder: string; readonly place: FoundPlugin['place'] }[]
  }
  /** All places of a program on the PATH, in order. */
  readonly onPath: (name: string) => readonly string[]
  /** Whether running a file leads to us. */
  readonly isOurselves: (path: string) => boolean
}

/**
 * Looks at the ways by which Docker commands come in on this machine. Reads files, and runs `crontab -l`; changes nothing.
 * What may not be read counts as not there.
 */
export async function surveyDoors(look: DoorLook): Promise<DoorSurvey> {
  const { docker, home, user } = look
  const leads = (path: string): FoundProgram => ({ path, leads: whereTo(path, look.isOurselves) })
  const [foundShells, jobs, agents] = await Promise.all([shellsOf(look), jobsOf(look), agentsOf(look)])
  const own =
    docker.folders.find(({ place }) => place === 'user')?.folder ?? join(home, '.docker/cli-plugins')
  return {
    hasDocker: look.onPath('docker').length > 0,
    plugins: docker.folders.flatMap(({ folder, place }) => {
      const path = join(folder, 'docker-compose')
      return isProgram(path) ? [{ ...leads(path), place }] : []
    }),
    configFile: docker.config,
    extraFolders: docker.folders.filter(({ place }) => place === 'extra').map(({ folder }) => folder),
    userPlugin: join(own, 'docker-compose'),
    onPath: {
      docker: look.onPath('docker').map(leads),
      'docker-compose': look.onPath('docker-compose').map(leads),
    },
    shims: isShimFolder(look.shims, look) ? look.shims : null,
    shells: foundShells,
    jobs,
    agents,
    isRoot: user.isRoot,
    hasSudo: look.onPath('sudo').length > 0 || existsSync('/usr/bin/sudo'),
  }
}

function whereTo(path: string, isOurselves: DoorLook['isOurselves']): FoundProgram['leads'] {
  try {
    const targets = statSync(path).size > 100_000 ? null : shimTargets(readFileSync(path, 'utf8'))
    if (targets !== null) return goneOf(targets.node, [targets.program]) === null ? 'here' : 'broken'
    return isOurselves(path) ? 'here' : 'elsewhere'
  } catch {
    return 'elsewhere'
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Those whose program is there, or whose start-up file is. */
async function shellsOf(look: DoorLook): Promise<DoorSurvey['shells']> {
  const found = await Promise.all(
    shells.map(async shell => {
      if (look.onPath(shell).length === 0) return []
      const file = await startUpFile(shell, look)
      const block = blockIn(await textOf(file))
      const start = block === null ? null : startIn(shell, block)
      if (block === null || start === null) return [{ shell, file, takes: 'nothing', gone: null }] as const
      const takes = takesDocker(block) ? 'docker' : 'compose'
      return [{ shell, file, takes, gone: goneOf(start.node, [start.program, start.dockerProgram]) }] as const
    }),
  )
  return found.flat()
}

/** As shims and functions see it: a Node that can be run, and files that can be read. */
function goneOf(node: string, programs: readonly string[]): string | null {
  return isProgram(node) ? (programs.find(path => !isReadable(path)) ?? null) : node
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Those whose folder is in the home directory. */
async function agentsOf({ home, directory }: DoorLook): Promise<readonly FoundAgent[]> {
  const found = await Promise.all(
    hookedAgents
      .filter(({ folder }) => existsSync(join(home, folder)))
      .map(async ({ name, title, files, has }) => {
        const { user, project } = files({ home, project: directory })
        const file = (await hasHook(project, has)) ? project : user
        return { name, title, file, isGuarded: await hasHook(file, has) }
      }),
  )
  return found
}

/** Settings that cannot be read have no hook that is heard. */
async function hasHook(file: string, has: (text: string) => boolean): Promise<boolean> {
  const text = await textOf(file)
  try {
    return text !== '' && has(text)
  } catch (error) {
    if (error instanceof Stop) return false
    throw error
  }
}

// ---- Timers ------------------------------------------------------------------------------------------------------

function isShimFolder(folder: string, { isOurselves }: DoorLook): boolean {
  return whereTo(join(folder, 'docker-compose'), isOurselves) === 'here'
}

async function jobsOf(look: DoorLook): Promise<readonly FoundJob[]> {
  const isOurFolder = (folder: string): boolean => isShimFolder(folder, look)
  const { home, user } = look
  const [own, tables, scripts, machine, mine] = await Promise.all([
    ownCrontab(),
    filesIn(['/etc/cron.d'], /^[\w-]+$/),
    filesIn(['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'], /^[\w-]+$/),
    filesIn(['/etc/systemd/system'], /\.service$/),
    filesIn([join(home, '.config/systemd/user')], /\.service$/),
  ])
  const whose = (line: string): boolean => line.trim().split(/\s+/)[/^\s*@/.test(line) ? 1 : 5] !== user.name
  const units = async (
    files: readonly string[],
    asOther: (text: string) => boolean,
  ): Promise<readonly FoundJob[]> => {
    const found = await Promise.all(
      files.map(async place => {
        const added = await filesIn([`${place}.d`], /\.conf$/)
        const text = (await Promise.all([place, ...added].map(textOf))).join('\n')
        return jobsInUnit({ place, text, isShimFolder: isOurFolder, asOther: asOther(text) })
      }),
    )
    return found.flat()
  }
  const cronTables = await Promise.all(
    ['/etc/crontab', ...tables].map(async place =>
      jobsInCrontab({
        place,
        text: await textOf(place),
        isShimFolder: isOurFolder,
        fields: 6,
        runsAs: whose,
      }),
    ),
  )
  const cronScripts = await Promise.all(
    scripts.map(async place =>
      jobsInCrontab({
        place,
        text: await textOf(place),
        isShimFolder: isOurFolder,
        fields: 0,
        runsAs: () => !user.isRoot,
      }),
    ),
  )
  const userOf = (text: string): string => [...text.matchAll(/^User=(.*)$/gm)].at(-1)?.[1]?.trim() ?? 'root'
  return [
    ...jobsInCrontab({
      place: 'crontab -e',
      text: own,
      isShimFolder: isOurFolder,
      fields: 5,
      runsAs: () => false,
    }),
    ...cronTables.flat(),
    ...cronScripts.flat(),
    ...(await units(machine, text => userOf(text) !== user.name)),
    ...(await units(mine, () => false)),
  ]
}

function ownCrontab(): Promise<string> {
  return new Promise(resolve => {
    execFile('crontab', ['-l'], { timeout: 5000 }, (error, stdout) => resolve(error === null ? stdout : ''))
  })
}

async function filesIn(folders: readonly string[], named: RegExp): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async folder => {
      const names = await readdir(folder).catch(() => [])
      return names.filter(name => named.test(name)).map(name => join(folder, name))
    }),
  )
  return found.flat()
}

/** Names in it are looked for: they are written in UTF-8. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
