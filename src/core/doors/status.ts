import type { DoorState, DoorSurvey, FoundJob, FoundProgram } from '../../model/doors.ts'
import { listed, plural } from '../format.ts'
import { shellWord } from '../shell-word.ts'

/** Which doors are guarded and which are open, why, and what closes them. */
export function doorStates(survey: DoorSurvey): readonly DoorState[] {
  return [
    ...(survey.hasDocker || survey.plugins.length > 0 ? [pluginDoor(survey), otherConfig(survey)] : []),
    ...(survey.hasSudo && !survey.isRoot ? [underSudo(survey)] : []),
    ...programDoor(survey, 'docker-compose'),
    ...programDoor(survey, 'docker'),
    ...survey.shells.map(each => shellDoor(survey, each)),
    ...(['cron', 'systemd'] as const).flatMap(by => timerDoor(survey, by)),
    ...survey.agents.map((agent): DoorState => ({
      door: `agent ${agent.name}`,
      state: agent.isGuarded ? 'guarded' : 'open',
      why: agent.isGuarded
        ? `${agent.title} asks before each command: ${agent.file}`
        : `${agent.title} is on this machine, and asks nobody`,
      mend: agent.isGuarded ? null : `safe-compose install agent ${agent.name}`,
    })),
  ]
}

/** Ways by which the docker CLI would pass the plugin by. */
export function openPluginDoors(survey: DoorSurvey): readonly DoorState[] {
  const all = [
    pluginDoor(survey),
    otherConfig(survey),
    ...(survey.hasSudo && !survey.isRoot ? [underSudo(survey)] : []),
  ]
  return all.filter(({ state }) => state !== 'guarded')
}

/** What a person types for Compose: those at which `doctor` looks. What the functions of a shell take is guarded there. */
export function typedDoors(survey: DoorSurvey): readonly DoorState[] {
  const hasFunctions = survey.shells.some(({ takes, gone }) => takes !== 'nothing' && gone === null)
  return [pluginDoor(survey), ...(hasFunctions ? [] : programDoor(survey, 'docker-compose'))]
}

/** What `docker compose` leads to. */
function pluginDoor(survey: DoorSurvey): DoorState {
  const { plugins } = survey
  const door = '`docker compose`'
  const [first] = plugins
  const ours = plugins.find(({ leads }) => leads === 'here')
  if (first === undefined)
    return { door, state: 'open', why: 'there is no such plugin yet', mend: installPlugin }
  if (first.leads === 'here') return { door, state: 'guarded', why: first.path, mend: null }
  if (first.leads === 'broken')
    return {
      door,
      state: 'bypassed',
      why: `${first.path} starts a Node or files that are gone`,
      mend: installPlugin,
    }
  if (ours === undefined) return { door, state: 'open', why: `leads to ${first.path}`, mend: installPlugin }
  if (first.place !== 'extra')
    return { door, state: 'bypassed', why: `${first.path} comes before ${ours.path}`, mend: installPlugin }
  return {
    door,
    state: 'bypassed',
    why: `${first.path} comes first, by cliPluginsExtraDirs in ${survey.configFile}`,
    mend: `in ${survey.configFile}: ${extraFoldersLine(survey)}`,
  }
}

/** The docker CLI goes through them in order, before its own folders: so ours is put in front. */
function extraFoldersLine({ extraFolders, userPlugin }: DoorSurvey): string {
  const own = userPlugin.slice(0, userPlugin.lastIndexOf('/'))
  return `"cliPluginsExtraDirs": ${JSON.stringify([own, ...extraFolders.filter(each => each !== own)])}`
}

const installPlugin = 'safe-compose install plugin'
const installSystem = 'sudo "$(command -v safe-compose)" install plugin --system'

/** Another user, and another configuration, have no folder of plugins but the system's. */
function underSudo(survey: DoorSurvey): DoorState {
  const door = '`sudo docker compose`'
  const found = systemPlugin(survey)
  return found?.leads === 'here'
    ? { door, state: 'guarded', why: `${found.path}, unless root has a plugin of its own`, mend: null }
    : { door, state: 'open', why: 'root has plugins of its own', mend: installSystem }
}

function otherConfig(survey: DoorSurvey): DoorState {
  const door = '`docker --config DIR compose`'
  const found = systemPlugin(survey)
  return found?.leads === 'here'
    ? { door, state: 'guarded', why: `${found.path}, unless DIR has a plugin of its own`, mend: null }
    : {
        door,
        state: 'open',
        why: 'another DIR, or DOCKER_CONFIG, has plugins of its own',
        mend: survey.isRoot ? `${installPlugin} --system` : installSystem,
      }
}

function systemPlugin({ plugins }: DoorSurvey): FoundProgram | undefined {
  return plugins.find(({ place }) => place === 'system')
}

/** Nothing to be said of a program that is not there. */
function programDoor(survey: DoorSurvey, name: 'docker' | 'docker-compose'): readonly DoorState[] {
  const found = survey.onPath[name]
  const [first] = found
  if (first === undefined) return []
  const door = name === 'docker' ? '`docker volume rm` and the like' : '`docker-compose`'
  const ours = found.find(({ leads }) => leads === 'here')
  const { shims } = survey
  const mend = shims === null ? 'safe-compose install path' : inFront(shims)
  if (first.leads === 'here')
    return [{ door, state: 'guarded', why: `${first.path} on the PATH`, mend: null }]
  if (first.leads === 'broken')
    return [
      {
        door,
        state: 'bypassed',
        why: `${first.path} starts a Node or files that are gone`,
        mend: 'safe-compose install path',
      },
    ]
  return ours === undefined
    ? [{ door, state: 'open', why: `leads to ${first.path}${beside(shims)}`, mend }]
    : [
        {
          door,
          state: 'bypassed',
          why: `${first.path} comes before ${ours.path} on the PATH`,
          mend: inFront(folderOf(ours.path)),
        },
      ]
}

function inFront(folder: string): string {
  return `export PATH=${shellWord(folder)}:"$PATH"`
}

function beside(shims: string | null): string {
  return shims === null ? '' : `; the shims in ${shims} are not on this PATH`
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function shellDoor(
  survey: DoorSurvey,
  { shell, file, takes, gone }: DoorSurvey['shells'][number],
): DoorState {
  const door = `alias in ${shell}`
  const mend = `safe-compose install alias --shell ${shell}${takes === 'docker' ? ' --docker' : ''}`
  if (gone !== null) return { door, state: 'bypassed', why: `${file} starts ${gone}, which is gone`, mend }
  if (takes !== 'nothing') {
    const what =
      takes === 'docker' ? '`docker` and `docker-compose`' : '`docker compose` and `docker-compose`'
    return { door, state: 'guarded', why: `${what}, by ${file}`, mend: null }
  }
  const programs = [pluginDoor(survey), ...programDoor(survey, 'docker-compose')]
  if (programs.every(({ state }) => state === 'guarded'))
    return { door, state: 'guarded', why: 'what it would call is guarded itself', mend: null }
  return { door, state: 'open', why: `${file} has no functions of ours`, mend }
}

/** Nothing to be said where no timer calls Docker. */
function timerDoor(survey: DoorSurvey, by: FoundJob['by']): readonly DoorState[] {
  const jobs = survey.jobs.filter(job => job.by === by)
  if (jobs.length === 0) return []
  const open = jobs.filter(job => !isGuardedJob(survey, job))
  const total = plural(jobs.length, 'call')
  if (open.length === 0) return [{ door: by, state: 'guarded', why: `${total} of Docker`, mend: null }]
  const places = listed([...new Set(open.map(({ place }) => place))], 2)
  const needsSystem = open.every(({ calls, asOther }) => calls === 'docker compose' && asOther)
  return [
    {
      door: by,
      state: 'open',
      why: `${open.length} of ${total} of Docker: ${places}`,
      mend: needsSystem ? installSystem : 'safe-compose install path',
    },
  ]
}

function isGuardedJob(survey: DoorSurvey, { calls, throughShims, asOther }: FoundJob): boolean {
  if (throughShims) return true
  if (calls !== 'docker compose') return false
  return asOther ? systemPlugin(survey)?.leads === 'here' : survey.plugins[0]?.leads === 'here'
}
