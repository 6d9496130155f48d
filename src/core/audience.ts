import type { Audience } from '../model/decision.ts'
import { agentSignals } from './agents.ts'
import type { AgentSignal } from './agents.ts'

/**
 * Who is asking: the agent's variables first, then CI's, then the terminal. An agent may run in CI or set `CI` itself,
 * and a person can only be asked where standard input and standard error both are a terminal.
 */
export function audienceOf(
  variables: Readonly<Record<string, string | undefined>>,
  terminal: { readonly stdin: boolean; readonly stderr: boolean },
): Audience {
  const signal = agentSignals.find(each => isGiven(each, variables[each.variable]))
  if (signal !== undefined) return { kind: 'agent', name: signal.agent, variable: signal.variable }
  const ci = ciOf(variables)
  if (ci !== null) return { kind: 'script', ci }
  return terminal.stdin && terminal.stderr ? { kind: 'person' } : { kind: 'script', ci: null }
}

function isGiven(signal: AgentSignal, value: string | undefined): boolean {
  if (value === undefined) return false
  if (signal.when === 'set') return isYes(value)
  const lower = value.toLowerCase()
  return 'contains' in signal.when ? lower.includes(signal.when.contains) : signal.when.includes(lower)
}

function ciOf(variables: Readonly<Record<string, string | undefined>>): string | null {
  const found = ciSystems.find(([variable]) => isYes(variables[variable] ?? ''))
  return found === undefined ? null : found[1]
}

function isYes(value: string): boolean {
  return value !== '' && value !== '0' && value.toLowerCase() !== 'false'
}

/** The particular ones first, for their names; `CI` is what nearly all of them set. */
const ciSystems: readonly (readonly [variable: string, name: string])[] = [
  ['GITHUB_ACTIONS', 'GitHub Actions'],
  ['GITLAB_CI', 'GitLab CI'],
  ['CIRCLECI', 'CircleCI'],
  ['BUILDKITE', 'Buildkite'],
  ['TEAMCITY_VERSION', 'TeamCity'],
  ['JENKINS_URL', 'Jenkins'],
  ['TRAVIS', 'Travis CI'],
  ['TF_BUILD', 'Azure Pipelines'],
  ['BITBUCKET_BUILD_NUMBER', 'Bitbucket Pipelines'],
  ['APPVEYOR', 'AppVeyor'],
  ['DRONE', 'Drone'],
  ['CODEBUILD_BUILD_ID', 'AWS CodeBuild'],
  ['SEMAPHORE', 'Semaphore'],
  ['CIRRUS_CI', 'Cirrus CI'],
  ['GITEA_ACTIONS', 'Gitea Actions'],
  ['bamboo_buildKey', 'Bamboo'],
  ['CONTINUOUS_INTEGRATION', 'CI'],
  ['CI', 'CI'],
]
