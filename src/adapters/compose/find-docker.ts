import { spawnSync } from 'node:child_process'
import { Stop } from '../../model/failure.ts'
import { findOnPath, isExecutable, whyNotExecutable } from './executable.ts'
import { childVariables } from './found-variables.ts'
import { isOurselves, isScriptFile } from './ourselves.ts'
import type { Ourselves } from './ourselves.ts'
import type { Variables } from './own-process.ts'
import type { Program } from './program.ts'
import { askedForProbe, probeAnswer } from './version.ts'

/** Where the docker CLI is looked for. */
export interface DockerSearch {
  readonly variables: Variables
  /** The working directory, for relative entries of the PATH. */
  readonly directory: string
  readonly ourselves: Ourselves
}

/** Set by whoever wants a certain docker: a path, or a name on the PATH. */
const choiceVariable = 'SAFE_COMPOSE_DOCKER'

/**
 * Finds the docker CLI to run: `SAFE_COMPOSE_DOCKER` if set, else the first `docker` on the PATH; never what leads back
 * to us. Starts nothing, but for a script, which may lead anywhere.
 *
 * Throws `Stop`: `docker-not-found` with the places that were looked at, `docker-not-executable` for what
 * `SAFE_COMPOSE_DOCKER` names.
 */
export function findDocker(search: DockerSearch): Program {
  const chosen = (search.variables[choiceVariable] ?? '').trim()
  if (chosen !== '') return asProgram(named(search, chosen))
  const path = dockerOnPath(search)
  if (path !== null) return asProgram(path)
  const looked = findOnPath('docker', search.variables, search.directory)
  throw new Stop({ reason: 'docker-not-found', looked: looked.length > 0 ? looked : ['docker on the PATH'] })
}

/** The first docker on the PATH that is not ourselves; null where there is none. */
export function dockerOnPath(search: DockerSearch): string | null {
  const candidates = findOnPath('docker', search.variables, search.directory)
  return candidates.find(path => !leadsBack(search, path)) ?? null
}

function named(search: DockerSearch, text: string): string {
  const [path = text] = findOnPath(text, search.variables, search.directory)
  const cannotRun = (why: string): Stop => new Stop({ reason: 'docker-not-executable', path, why })
  if (!isExecutable(path))
    throw cannotRun(text.includes('/') ? (whyNotExecutable(path) ?? '') : 'it is not on the PATH')
  if (leadsBack(search, path)) throw cannotRun('it leads back to safe-docker')
  return path
}

/** A script that is not plainly ours is asked: if the question reaches us, it leads back. */
function leadsBack({ variables, ourselves }: DockerSearch, path: string): boolean {
  if (isOurselves(path, ourselves)) return true
  if (!isScriptFile(path)) return false
  const { words, variables: asked } = askedForProbe
  const { stdout } = spawnSync(path, words, {
    env: { ...childVariables({ variables: {} }, variables), ...asked },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
  return (stdout ?? '').trim() === probeAnswer
}

/** By its own name, which it tells its plugins. */
function asProgram(path: string): Program {
  return { program: path, prefixArgs: [], variables: {}, isBarePlugin: false, calledAs: 'docker' }
}
