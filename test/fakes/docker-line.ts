import { byProject } from '../../src/core/docker/projects.ts'
import { takenBy } from '../../src/core/docker/taken.ts'
import { readDocker } from '../../src/core/docker/line.ts'
import { asInvocation } from '../../src/core/read-again.ts'
import type { DockerReach } from '../../src/model/docker-line.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { Circumstances } from '../../src/model/finding.ts'
import type { Invocation } from '../../src/model/invocation.ts'
import { now } from './facts.ts'

/** A line of the docker CLI, typed with its name: `docker volume rm a`. */
export function dockerLine(line: string | readonly string[]): Invocation {
  const words = typeof line === 'string' ? line.split(' ') : line
  return asInvocation(readDocker(words.slice(1)))
}

/** A line that is typed where these facts are, with what it takes of their project. */
export function typedToDocker(
  line: string,
  facts: Facts,
  {
    stdin = 'empty',
    apiVersion = '1.51',
    ...reach
  }: Partial<DockerReach & Pick<Circumstances, 'stdin'>> & {
    readonly apiVersion?: string
  } = {},
): { readonly line: string; readonly facts: Facts; readonly where: Partial<Circumstances> } {
  const taken = takenBy(dockerLine(line), { ...facts, apiVersion, pruneFilters: [], now }, stdin)
  const own = byProject(taken, facts.ledger === null ? [] : [facts.ledger]).get(facts.project.name)
  return {
    line,
    facts,
    where: {
      stdin,
      reach: {
        volumes: own?.volumes ?? [],
        containers: own?.containers ?? [],
        going: taken.containers.map(({ container }) => container.id),
        asked: taken.asked,
        remembered: null,
        leftBehind: null,
        ...reach,
      },
    },
  }
}
