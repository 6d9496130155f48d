import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runSteps } from '../ci/github-steps.ts'
import type { Step, StepRun } from '../ci/github-steps.ts'
import { runPipeline } from '../ci/gitlab-jobs.ts'
import type { GitlabFile, JobRun } from '../ci/gitlab-jobs.ts'
import { composeHas, eventually, executable, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = (path: string): string => join(root, 'examples/ci', path)
const yaml = async (path: string): Promise<unknown> => parse(await readFile(path, 'utf8'))

/** A project in a repository, deployed and protected: what stands before the first pipeline. */
interface Deployed {
  readonly project: Scenario
  readonly variables: Readonly<Record<string, string>>
  readonly git: (...words: readonly string[]) => Promise<string>
  /** Commits what a new revision changes. */
  readonly commit: (files: Readonly<Record<string, string>>) => Promise<string>
  readonly orders: () => Promise<string>
  readonly release: () => Promise<string>
  /** Makes what the gate asks for. */
  readonly protect: () => Promise<void>
}

const ended = ({ code, stdout, stderr }: Ended): string => `${stderr}${stdout}exit ${code}`
const told = (runs: readonly (StepRun | JobRun)[]): string =>
  runs.map(({ name, outcome, log }) => `== ${name}: ${outcome}\n${log}`).join('')
const outcomes = (runs: readonly (StepRun | JobRun)[]): readonly string[] =>
  runs.map(({ name, outcome }) => `${name}: ${outcome}`)

async function deployed(): Promise<Deployed> {
  const compose = await readFile(example('compose.yaml'), 'utf8')
  const settings = await readFile(example('safe-compose.yaml'), 'utf8')
  const project = await scenario(withRelease(compose, '1'), { files: { 'safe-compose.yaml': settings } })
  const programs = join(project.directory, '..', 'programs')
  await mkdir(programs)
  await symlink(executable, join(programs, 'safe-compose'))
  const variables = {
    ...project.variables,
    COMPOSE_PROJECT_NAME: project.name,
    PATH: [programs, dirname(process.execPath), project.variables['PATH'] ?? ''].join(delimiter),
  }
  const git = async (...words: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=ci', '-c', 'user.email=ci@example.org', '-c', 'init.defaultBranch=main']
    const run = await runProgram('git', [...who, ...words], { directory: project.directory, variables })
    expect(run.code, ended(run)).toBe(0)
    return run.stdout.trim()
  }
  const commit = async (files: Readonly<Record<string, string>>): Promise<string> => {
    for (const [path, text] of Object.entries(files)) await project.write(path, text)
    if (files['migrate.sh'] !== undefined) await runProgram('chmod', ['+x', 'migrate.sh'], project)
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'a revision')
    return git('rev-parse', 'HEAD')
  }
  await git('init', '--quiet')
  await commit({})
  const up = await project.safe(['up', '-d', '--wait'])
  expect(up.code, ended(up)).toBe(0)
  await project.inside(
    'db',
    'psql -U postgres -qc "create table orders as select generate_series(1, 1000) as n"',
  )
  return {
    project,
    variables,
    git,
    commit,
    orders: () =>
      eventually(() => project.inside('db', 'psql -U postgres -tAc "select count(*) from orders"')),
    release: () => project.inside('db', 'echo $RELEASE'),
    protect: async () => {
      for (const words of [['backup'], ['verify']]) {
        const run = await project.safe(words)
        expect(run.code, ended(run)).toBe(0)
      }
    },
  }
}

/** Another release is another container of the database. */
function withRelease(compose: string, release: string): string {
  return compose.replace('POSTGRES_PASSWORD: change-me', `$&\n      RELEASE: '${release}'`)
}

async function nextRelease(release: string): Promise<Readonly<Record<string, string>>> {
  return { 'compose.yaml': withRelease(await readFile(example('compose.yaml'), 'utf8'), release) }
}

const losesRows = '#!/bin/sh\nexec docker compose exec -T db psql -U postgres -c "truncate orders"\n'
const losesAll = '#!/bin/sh\nset -e\nsafe-compose down -v\nsafe-compose up -d --wait\n'

/** Each test runs three whole pipelines. */
describe.skipIf(!composeHas('v2'))('deploying from CI', { timeout: 900_000 }, () => {
  test('GitHub Actions: must deploy a good revision, and go back from one that loses rows', async () => {
    const { project, variables, git, commit, orders, release, protect } = await deployed()
    const workflow = (await yaml(example('github-actions.yml'))) as {
      readonly jobs: {
        readonly deploy: { readonly env: Readonly<Record<string, string>>; readonly steps: readonly Step[] }
      }
    }
    const { env, steps } = workflow.jobs.deploy
    const push = async (files: Readonly<Record<string, string>>): Promise<readonly StepRun[]> => {
      const before = await git('rev-parse', 'HEAD')
      const sha = await commit(files)
      expect(env['SAFE_COMPOSE_TAG']).toBe('${{ github.sha }}')
      return runSteps(steps, {
        directory: project.directory,
        variables: { ...env, ...variables, SAFE_COMPOSE_TAG: sha },
        contexts: { github: { sha, event: { before } } },
        without: ['Install safe-compose'],
      })
    }

    // Without a backup that is known to boot nothing is deployed, and nothing is rolled back.
    const shut = await push(await nextRelease('2'))
    expect(outcomes(shut).slice(3), told(shut)).toEqual([
      'Gate: failure',
      'Plan: skipped',
      'Back up: skipped',
      'Deploy: skipped',
      'Check: skipped',
      'Roll back: skipped',
    ])
    expect(shut[3]?.log).toMatch(
      /^::error title=safe-compose::.*%0A {2}take one, then go on: safe-compose backup$/m,
    )
    expect(await release()).toBe('1')

    await protect()
    const good = await push(await nextRelease('3'))
    expect(outcomes(good).slice(3), told(good)).toEqual([
      'Gate: success',
      'Plan: success',
      'Back up: success',
      'Deploy: success',
      'Check: success',
      'Roll back: skipped',
    ])
    expect([await release(), await orders()]).toEqual(['3', '1000'])
    expect(good[4]?.summary).toContain('### safe-compose plan: `up -d --remove-orphans`\n')
    expect(good[4]?.summary).toMatch(/^\| \\~ \| .* \| recreate \| /m)
    expect(good[5]?.summary).toContain('safe-compose restore ')

    const bad = await push({ ...(await nextRelease('4')), 'migrate.sh': losesRows })
    expect(outcomes(bad).slice(3), told(bad)).toEqual([
      'Gate: success',
      'Plan: success',
      'Back up: success',
      'Deploy: success',
      'Check: failure',
      'Roll back: success',
    ])
    expect(bad[8]?.log, told(bad)).toContain('::group::safe-compose: restoring ')
    expect([await release(), await orders()]).toEqual(['3', '1000'])
  })

  test('GitLab CI: must deploy a good revision, and go back from one that deletes the volume', async () => {
    const { project, variables, git, commit, orders, release, protect } = await deployed()
    const file = (await yaml(example('gitlab-ci.yml'))) as GitlabFile
    const push = async (files: Readonly<Record<string, string>>): Promise<readonly JobRun[]> => {
      const CI_COMMIT_BEFORE_SHA = await git('rev-parse', 'HEAD')
      const CI_COMMIT_SHA = await commit(files)
      return runPipeline(file, {
        directory: project.directory,
        variables: { ...variables, CI_COMMIT_BEFORE_SHA, CI_COMMIT_SHA },
      })
    }
    const shut = await push(await nextRelease('2'))
    expect(outcomes(shut), told(shut)).toEqual(['gate: failure', 'deploy: skipped'])

    await protect()
    const good = await push(await nextRelease('3'))
    expect(outcomes(good), told(good)).toEqual(['gate: success', 'deploy: success'])
    expect([await release(), await orders()]).toEqual(['3', '1000'])

    const bad = await push({ ...(await nextRelease('4')), 'migrate.sh': losesAll })
    expect(outcomes(bad), told(bad)).toEqual(['gate: success', 'deploy: failure'])
    const deploy = bad[1]?.log ?? ''
    expect(deploy).toMatch(/^deploying failed, going back to [0-9a-f]{40}$/m)
    expect(deploy).toMatch(/section_start:\d+:safe_compose_\d+\r/)
    expect(deploy).toMatch(/^safe-compose: deleted 1 volume\. Bring it back with: safe-compose undo /m)
    expect([await release(), await orders()]).toEqual(['3', '1000'])
  })

  test('deploy.sh: must deploy a good revision, and go back from one that does not start', async () => {
    const { project, variables, git, commit, orders, release, protect } = await deployed()
    await copyFile(example('deploy.sh'), join(project.directory, 'deploy.sh'))
    const first = await commit({})
    const deploy = (revision: string): Promise<Ended> =>
      runProgram('sh', ['deploy.sh', revision], { directory: project.directory, variables })
    const good = await commit(await nextRelease('2'))
    const bad = await commit({
      'compose.yaml': (await nextRelease('3'))['compose.yaml']?.replace('postgres:15', 'postgres:none') ?? '',
    })
    const broken = await commit({ 'compose.yaml': 'services: [what nobody can read\n' })
    await git('checkout', '--quiet', '--detach', first)

    const shut = await deploy(good)
    expect(shut.code, ended(shut)).toBe(1)
    expect(await release()).toBe('1')

    await protect()
    const well = await deploy(good)
    expect(well.code, ended(well)).toBe(0)
    expect(well.stdout).toContain(`deployed ${good}`)
    expect([await release(), await orders()]).toEqual(['2', '1000'])

    const back = await deploy(bad)
    expect(back.code, ended(back)).toBe(1)
    expect(back.stderr).toContain(`deploying ${bad} failed: going back to ${good}`)
    expect(await git('rev-parse', 'HEAD')).toBe(good)
    expect([await release(), await orders()]).toEqual(['2', '1000'])

    // The files of the new revision are of no use on the way back.
    const again = await deploy(broken)
    expect(again.code, ended(again)).toBe(1)
    expect(await git('rev-parse', 'HEAD')).toBe(good)
    expect([await release(), await orders()]).toEqual(['2', '1000'])
  })

  test('the action: must do the same as one step', async () => {
    const { project, variables, commit, orders, release, protect } = await deployed()
    const action = (await yaml(join(root, '.github/actions/safe-compose/action.yml'))) as {
      readonly inputs: Readonly<Record<string, { readonly default: string }>>
      readonly runs: { readonly steps: readonly Step[] }
    }
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default])
    const use = (inputs: Readonly<Record<string, string>>): Promise<readonly StepRun[]> =>
      runSteps(action.runs.steps, {
        directory: dirname(project.directory),
        variables,
        contexts: {
          inputs: {
            ...(Object.fromEntries(defaults) as Record<string, string>),
            'working-directory': project.name,
            config: 'safe-compose.yaml',
            ...inputs,
          },
        },
        without: [],
      })

    await commit(await nextRelease('2'))
    const shut = await use({ gate: '24h', tag: 'v2' })
    expect(outcomes(shut), told(shut)).toEqual([
      'Install: skipped',
      'Gate: failure',
      'Plan: skipped',
      'Back up: skipped',
      'Run: skipped',
      'Check: skipped',
      'Roll back: skipped',
    ])

    await protect()
    const good = await use({ gate: '24h', verified: '30d', tag: 'v2' })
    expect(outcomes(good), told(good)).toEqual([
      'Install: skipped',
      'Gate: success',
      'Plan: success',
      'Back up: success',
      'Run: success',
      'Check: success',
      'Roll back: skipped',
    ])
    expect(good[3]?.outputs['restore-point']).toMatch(/^\d{8}T\d{6}Z-v2$/)
    expect([await release(), await orders()]).toEqual(['2', '1000'])

    // The command itself deletes: saved first, and the check finds no orders.
    const bad = await use({ command: 'down -v', tag: 'v3' })
    expect(outcomes(bad).slice(3), told(bad)).toEqual([
      'Back up: success',
      'Run: success',
      'Check: failure',
      'Roll back: success',
    ])
    expect(bad[4]?.log, told(bad)).toMatch(
      /^::notice title=safe-compose::deleted 1 volume\. Bring it back with: /m,
    )
    expect(bad[4]?.summary).toContain('Bring it back with:\n\n```text\nsafe-compose undo ')
    const up = await project.safe(['up', '-d', '--wait'])
    expect(up.code, ended(up)).toBe(0)
    expect(await orders()).toBe('1000')
  })
})
