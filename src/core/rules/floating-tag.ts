import type { Facts, ServiceModel } from '../../model/facts.ts'
import type { Rule } from '../../model/finding.ts'
import { databaseServer } from '../database-server.ts'
import { declaredData } from '../declared-data.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'
import { readImageReference } from '../image-reference.ts'
import { imageOfService } from '../served-data.ts'

/**
 * A store's image has no tag, or one that says no version: `latest`, `alpine`.
 *
 * Some day a pull brings the next major version. PostgreSQL then does not start on its data, others upgrade it for good.
 */
export const floatingTag: Rule = {
  id: 'floating-tag',
  title: 'the image of a store has no fixed version',
  about:
    'latest, no tag, or a tag without a version (alpine, lts): whichever pull comes first after a release brings the ' +
    'next major version to the data. PostgreSQL does not start on it; MySQL, MariaDB and Redis upgrade it for good.',
  versions: 'all',
  instead: 'image: postgres:16',
  leadsTo: ['warning'],
  citations: ['docker-library/mysql#1007', 'docker-library/postgres#1372', 'danny-avila/LibreChat#4155'],
  check: (facts, invocation) => {
    const floating = declaredData(facts, invocation).filter(({ service }) => floats(service.image))
    const services = [...new Map(floating.map(({ service }) => [service.name, service])).values()]
    const images = services.map(({ name, image }) => `${escapeName(image ?? '')} of ${escapeName(name)}`)
    const instead = `image: ${listed(services.map(service => fixedImage(facts, service)))}`
    return floating.map(({ holding, service }) => ({
      rule: 'floating-tag',
      outcome: 'hidden',
      holding,
      because: `${listed(images)} ${services.length === 1 ? 'has' : 'have'} no fixed version: a pull can bring one that cannot read the data`,
      evidence: [`image: ${escapeName(service.image ?? '')}`],
      usedBy: [escapeName(service.name)],
      instead,
      canBackUp: true,
      warning: true,
    }))
  },
}

/** With the major version that is there now, where its image tells. */
function fixedImage(facts: Facts, service: ServiceModel): string {
  const { repository } = readImageReference(service.image ?? '')
  const [major] = databaseServer(service.image, imageOfService(facts, service))?.version ?? []
  return escapeName(`${repository}:${major ?? 'MAJOR'}`)
}

/** Nothing in the tag says a version. The numbers of distributions (`alpine3.19`) do not count. */
function floats(image: string | null): boolean {
  if (image === null) return false
  const { tag, hasDigest } = readImageReference(image)
  if (hasDigest) return false
  const words = (tag ?? 'latest')
    .split(/[-_]/)
    .filter(word => !/^(alpine|ubuntu|ubi|debian)[\d.]*$/.test(word))
  return !words.some(word => /\d/.test(word))
}
