import { describe, expect, test } from 'vitest'
import { agentSignals } from '../../src/core/agents.ts'
import { audienceOf } from '../../src/core/audience.ts'

const terminal = { stdin: true, stderr: true }

describe('a coding agent', () => {
  test.each(
    agentSignals.flatMap(signal => {
      const values =
        signal.when === 'set'
          ? ['1', 'true', 'x-123']
          : 'contains' in signal.when
            ? [`AWS-${signal.when.contains.toUpperCase()}-x`]
            : signal.when
      return values.map(value => [signal.variable, value, signal.agent] as const)
    }),
  )('%s=%s is %s, also in CI and at a terminal', (variable, value, name) => {
    expect(audienceOf({ [variable]: value, CI: 'true' }, terminal)).toEqual({ kind: 'agent', name, variable })
  })

  test.each(
    agentSignals.flatMap((signal): (readonly [string, string])[] => [
      [signal.variable, ''],
      [signal.variable, '0'],
      [signal.variable, 'false'],
      ...(signal.when === 'set' ? [] : [[signal.variable, '/usr/bin/something'] as const]),
    ]),
  )('%s=%j is none', (variable, value) => {
    expect(audienceOf({ [variable]: value }, terminal)).toEqual({ kind: 'person' })
  })

  test('every row names its source', () => {
    for (const { source } of agentSignals) expect(source).toMatch(/^https:\/\//)
    expect(new Set(agentSignals.map(({ variable }) => variable)).size).toBe(agentSignals.length)
  })

  test.each([
    'CURSOR_TRACE_ID',
    'REPL_ID',
    'COPILOT_GITHUB_TOKEN',
    'COPILOT_MODEL',
    'COPILOT_CLI',
    'GOOSE_PROVIDER',
    'CODEX_HOME',
    'CODEIUM_EDITOR_APP_ROOT',
    'TERM_PROGRAM',
    'ANTHROPIC_API_KEY',
    'AGENT_NAME',
  ])('%s is what people have too', variable => {
    expect(audienceOf({ [variable]: '1' }, terminal)).toEqual({ kind: 'person' })
  })

  test('AGENT is a common word: only the values that agents give it count', () => {
    expect(audienceOf({ AGENT: 'node-12' }, terminal)).toEqual({ kind: 'person' })
    expect(audienceOf({ AGENT: '/tmp/ssh-x/agent.1' }, terminal)).toEqual({ kind: 'person' })
    expect(audienceOf({ AGENT: 'Goose' }, terminal)).toMatchObject({ kind: 'agent' })
  })
})

describe('CI', () => {
  test.each([
    [{ CI: 'true' }, 'CI'],
    [{ CI: '1' }, 'CI'],
    [{ CI: 'true', GITHUB_ACTIONS: 'true' }, 'GitHub Actions'],
    [{ CI: 'true', GITLAB_CI: 'true' }, 'GitLab CI'],
    [{ JENKINS_URL: 'https://ci.example' }, 'Jenkins'],
    [{ TF_BUILD: 'True' }, 'Azure Pipelines'],
    [{ TEAMCITY_VERSION: '2025.1' }, 'TeamCity'],
    [{ BUILDKITE: 'true' }, 'Buildkite'],
  ])('%j is %s, even on a terminal', (variables, ci) => {
    expect(audienceOf(variables, terminal)).toEqual({ kind: 'script', ci })
  })

  test.each([{ CI: 'false' }, { CI: '' }, { CI: '0' }, { BUILD_ID: '7' }])('%j is none', variables => {
    expect(audienceOf(variables, terminal)).toEqual({ kind: 'person' })
  })
})

test.each([
  [{ stdin: true, stderr: true }, { kind: 'person' }],
  [
    { stdin: false, stderr: true },
    { kind: 'script', ci: null },
  ],
  [
    { stdin: true, stderr: false },
    { kind: 'script', ci: null },
  ],
  [
    { stdin: false, stderr: false },
    { kind: 'script', ci: null },
  ],
])('with %j it is %j', (streams, audience) => {
  expect(audienceOf({}, streams)).toEqual(audience)
})
