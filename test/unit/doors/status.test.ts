import { describe, expect, test } from 'vitest'
import { jobsInCrontab, jobsInUnit } from '../../../src/core/doors/jobs.ts'
import { doorStates, openPluginDoors, typedDoors } from '../../../src/core/doors/status.ts'
import type { DoorState, DoorSurvey, FoundPlugin } from '../../../src/model/doors.ts'
import { doorsTable } from '../../../src/ui/doors-table.ts'
import { aDoorSurvey } from '../../fakes/doors.ts'

const own: FoundPlugin = {
  path: '/home/ann/.docker/cli-plugins/docker-compose',
  place: 'user',
  leads: 'here',
}
const brew: FoundPlugin = { path: '/opt/brew/docker-compose', place: 'extra', leads: 'elsewhere' }
const systems: FoundPlugin = { path: '/usr/libexec/docker-compose', place: 'system', leads: 'elsewhere' }

function door(name: string, survey: Partial<DoorSurvey>): DoorState | undefined {
  return doorStates(aDoorSurvey(survey)).find(each => each.door === name)
}

describe('`docker compose`', () => {
  const state = (plugins: readonly FoundPlugin[], more: Partial<DoorSurvey> = {}): DoorState | undefined =>
    door('`docker compose`', { plugins, ...more })

  test('is guarded where ours comes first', () => {
    expect(state([own, systems])).toMatchObject({ state: 'guarded', why: own.path, mend: null })
  })

  test('is open without ours', () => {
    expect(state([systems])).toMatchObject({ state: 'open', why: `leads to ${systems.path}` })
    expect(state([])).toMatchObject({ state: 'open', mend: 'safe-compose install plugin' })
  })

  test('is bypassed by a folder that the configuration adds, until ours is put in front of it', () => {
    expect(state([brew, own], { extraFolders: ['/opt/brew'] })).toMatchObject({
      state: 'bypassed',
      why: '/opt/brew/docker-compose comes first, by cliPluginsExtraDirs in /home/ann/.docker/config.json',
      mend: 'in /home/ann/.docker/config.json: "cliPluginsExtraDirs": ["/home/ann/.docker/cli-plugins","/opt/brew"]',
    })
  })

  test('is bypassed where another one has come first, or Node is gone', () => {
    const mine = { ...own, leads: 'elsewhere' } as const
    expect(state([mine, { ...systems, leads: 'here' }])).toMatchObject({ state: 'bypassed' })
    expect(state([{ ...own, leads: 'broken' }])).toMatchObject({
      state: 'bypassed',
      why: `${own.path} starts a Node or files that are gone`,
    })
  })

  test('under sudo and with another configuration only the system’s plugins count', () => {
    const names = (survey: DoorSurvey): readonly string[] => openPluginDoors(survey).map(each => each.door)
    expect(names(aDoorSurvey({ plugins: [own, systems], hasSudo: true }))).toEqual([
      '`docker --config DIR compose`',
      '`sudo docker compose`',
    ])
    expect(names(aDoorSurvey({ plugins: [own], hasSudo: true, isRoot: true }))).toEqual([
      '`docker --config DIR compose`',
    ])
    expect(names(aDoorSurvey({ plugins: [own, { ...systems, leads: 'here' }], hasSudo: true }))).toEqual([])
  })
})

test('what stands first on the PATH decides', () => {
  const real = { path: '/usr/bin/docker-compose', leads: 'elsewhere' } as const
  const shim = { path: '/srv/my shims/docker-compose', leads: 'here' } as const
  const state = (...found: DoorSurvey['onPath']['docker']): DoorState | undefined =>
    door('`docker-compose`', { onPath: { docker: [], 'docker-compose': found } })
  expect(state()).toBeUndefined()
  expect(state(real)).toMatchObject({ state: 'open', mend: 'safe-compose install path' })
  const placed = { onPath: { docker: [real], 'docker-compose': [] }, shims: '/srv/shims' }
  expect(door('`docker volume rm` and the like', placed)).toMatchObject({
    state: 'open',
    why: 'leads to /usr/bin/docker-compose; the shims in /srv/shims are not on this PATH',
    mend: 'export PATH=/srv/shims:"$PATH"',
  })
  expect(state(shim, real)).toMatchObject({ state: 'guarded' })
  expect(state({ ...shim, leads: 'broken' }, real)).toMatchObject({ state: 'bypassed' })
  expect(state(real, shim)).toMatchObject({
    state: 'bypassed',
    mend: `export PATH='/srv/my shims':"$PATH"`,
  })
})

test('functions of a shell guard what is typed there', () => {
  const onPath = {
    docker: [],
    'docker-compose': [{ path: '/usr/bin/docker-compose', leads: 'elsewhere' }],
  } as const
  const bash = { shell: 'bash', file: '/home/ann/.bashrc', takes: 'compose', gone: null } as const
  expect(typedDoors(aDoorSurvey({ onPath })).map(({ state }) => state)).toEqual(['guarded', 'open'])
  expect(typedDoors(aDoorSurvey({ onPath, shells: [bash] })).map(({ state }) => state)).toEqual(['guarded'])
  expect(door('alias in bash', { shells: [bash] })).toMatchObject({ state: 'guarded', mend: null })
  const none = { ...bash, takes: 'nothing' } as const
  expect(door('alias in bash', { shells: [none], onPath })).toMatchObject({
    mend: 'safe-compose install alias --shell bash',
  })
  const broken = { ...bash, takes: 'docker', gone: '/opt/node' } as const
  expect(door('alias in bash', { shells: [broken], onPath })).toMatchObject({
    state: 'bypassed',
    why: '/home/ann/.bashrc starts /opt/node, which is gone',
    mend: 'safe-compose install alias --shell bash --docker',
  })
  expect(typedDoors(aDoorSurvey({ onPath, shells: [broken] })).map(({ state }) => state)).toEqual([
    'guarded',
    'open',
  ])
  // Without a docker-compose on the PATH the plugin is all that could be called.
  expect(door('alias in bash', { shells: [none] })).toMatchObject({ state: 'guarded' })
  expect(door('alias in bash', { shells: [none], plugins: [systems] })).toMatchObject({ state: 'open' })
})

describe('timers', () => {
  const isShimFolder = (folder: string): boolean => folder === '/srv/shims'
  const crontab = (text: string): ReturnType<typeof jobsInCrontab> =>
    jobsInCrontab({ place: 'crontab -e', text, isShimFolder, fields: 5, runsAs: () => false })

  test('whose lines call Docker are found', () => {
    const text = [
      '# 0 1 * * * docker-compose down -v',
      '0 1 * * * cd /srv/shop && docker compose restart',
      '0 2 * * * /usr/bin/docker-compose -f a.yaml up -d',
      '@daily docker system prune -f --volumes',
      '0 3 * * * docker ps',
      '0 4 * * * safe-compose backup',
      '0 5 * * * mydocker compose',
    ].join('\n')
    expect(crontab(text).map(({ calls }) => calls)).toEqual(['docker compose', 'docker-compose', 'docker'])
  })

  test('are guarded by the program that they call, not by our name somewhere', () => {
    const open = [
      'docker compose down -v # safe-compose',
      'cd /srv/safe-compose && docker compose down -v',
      'docker compose -f /srv/safe-compose/compose.yaml down -v',
      'safe-compose backup; docker compose down -v',
      'SAFE=safe-compose docker compose down -v',
      'sh -c "safe-compose backup && docker compose down -v"',
      'echo "# here"; docker compose down -v',
      'flock /run/safe-compose docker compose down -v',
    ]
    const guarded = [
      'safe-compose exec -T web docker compose ps',
      'cd /srv; sudo -n /usr/local/bin/safe-compose run web docker-compose',
      'X=1 nice -n 10 /opt/node/bin/node -- /opt/bin/safe-compose.js exec web docker compose ps',
      'safe-docker exec web docker volume ls',
      'true # docker compose down -v',
    ]
    const found = (line: string): number => crontab(`0 4 * * * ${line}\n@daily ${line}\n`).length
    expect(open.filter(line => found(line) !== 2)).toEqual([])
    expect(guarded.filter(line => found(line) !== 0)).toEqual([])
    expect(crontab('0 1 * * * docker-compose pull && /usr/bin/docker volume prune').length).toBe(2)
  })

  test('that go over several lines are read as one', () => {
    const script = 'docker \\\n  compose down \\\n  -v\nsafe-compose \\\n exec web docker compose ps\n'
    const file = { place: '/etc/cron.daily/a', isShimFolder, runsAs: () => false }
    expect(jobsInCrontab({ ...file, text: script, fields: 0 }).length).toBe(1)
    expect(jobsInCrontab({ ...file, text: '0 1 * * * ann docker-compose pull', fields: 6 }).length).toBe(1)
    const unit = 'ExecStart=/usr/bin/docker \\\n# about it\n  compose up\n#ExecStop=docker compose down\n'
    expect(jobsInUnit({ place: 'a.service', text: unit, isShimFolder, asOther: true })).toMatchObject([
      { calls: 'docker compose' },
    ])
    const path = 'Environment=A=b \\\n  PATH=/srv/shims:/bin\nExecStart=docker compose up\n'
    expect(jobsInUnit({ place: 'a.service', text: path, isShimFolder, asOther: true })).toMatchObject([
      { throughShims: true },
    ])
  })

  test('that look into the shims first are guarded, but not where they name a folder', () => {
    const text =
      'PATH=/srv/shims:/usr/bin\n* * * * * docker-compose pull\n* * * * * /usr/bin/docker-compose pull\n'
    expect(crontab(text).map(({ throughShims }) => throughShims)).toEqual([true, false])
    const unit =
      'Environment="PATH=/srv/shims:/usr/bin"\nExecStart=-docker compose up\nExecStop=/usr/bin/docker compose down\n'
    const jobs = jobsInUnit({ place: 'a.service', text: unit, isShimFolder, asOther: true })
    expect(jobs.map(({ throughShims }) => throughShims)).toEqual([true, false])
  })

  test('are guarded by the plugin of the user that runs them', () => {
    const job = {
      by: 'systemd',
      place: 'a.service',
      calls: 'docker compose',
      throughShims: false,
      asOther: true,
    } as const
    expect(door('systemd', { jobs: [{ ...job, asOther: false }] })).toMatchObject({ state: 'guarded' })
    expect(door('systemd', { jobs: [job] })).toMatchObject({
      state: 'open',
      mend: 'sudo "$(command -v safe-compose)" install plugin --system',
    })
    expect(door('systemd', { jobs: [{ ...job, calls: 'docker' }] })).toMatchObject({
      mend: 'safe-compose install path',
    })
    expect(door('cron', { jobs: [job] })).toBeUndefined()
  })
})

test('coding agents are guarded where they ask us', () => {
  const agent = {
    name: 'claude',
    title: 'Claude Code',
    file: '/home/ann/.claude/settings.json',
    isGuarded: false,
  }
  expect(door('agent claude', { agents: [agent] })).toMatchObject({
    state: 'open',
    mend: 'safe-compose install agent claude',
  })
  expect(door('agent claude', { agents: [{ ...agent, isGuarded: true }] })).toMatchObject({
    state: 'guarded',
  })
})

test('as a table each open door has what closes it below', () => {
  const survey = aDoorSurvey({
    plugins: [systems],
    shells: [{ shell: 'bash', file: '/a\u001b/.bashrc', takes: 'docker', gone: null }],
  })
  expect(doorsTable(doorStates(survey))).toBe(`   DOOR                           STATE    WHY
✗  \`docker compose\`               open     leads to /usr/libexec/docker-compose
    → safe-compose install plugin
✗  \`docker --config DIR compose\`  open     another DIR, or DOCKER_CONFIG, has plugins of its own
    → sudo "$(command -v safe-compose)" install plugin --system
✔  alias in bash                  guarded  \`docker\` and \`docker-compose\`, by /a\\x1b/.bashrc
`)
  expect(doorsTable([])).toContain('no Docker')
})
