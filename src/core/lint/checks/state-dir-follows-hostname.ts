import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { dataMounts, storesOf } from '../project.ts'

/** RabbitMQ keeps its data under its host's name, which is new with every container. */
export const stateDirFollowsHostname: LintCheck = {
  id: 'state-dir-follows-hostname',
  title: 'data lies under the name of the container',
  level: 'warning',
  check: project =>
    storesOf(project)
      .filter(store => store.kind === 'rabbitmq' && dataMounts(store).length > 0)
      .filter(({ service }) => !service.isPartial && service.hostname === null)
      .filter(({ service }) => (service.environment['RABBITMQ_NODENAME'] ?? '') === '')
      .map(({ service, image }) => ({
        at: image.at,
        message: `${escapeName(service.name)} has no hostname: RabbitMQ keeps its data under it, and a new container gets a new one`,
        instead: `hostname: ${escapeName(service.name)}`,
      })),
}
