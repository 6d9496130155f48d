import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { isKept } from '../coverage.ts'
import { dataMounts, storesOf } from '../project.ts'

/** A tag without a version: a pull may bring a server that cannot read the data, or changes it for good. */
export const floatingTag: LintCheck = {
  id: 'floating-tag',
  title: 'the version of a database is left to the next pull',
  level: 'warning',
  check: project =>
    storesOf(project)
      .filter(store => isKept(store) || dataMounts(store).length > 0)
      .filter(({ tag }) => tag !== null && tag !== '@' && !/\d/.test(tag))
      .map(({ service, image, tag }) => ({
        at: image.at,
        message: `${escapeName(service.name)} uses ${escapeName(image.text)}${tag === '' ? ', which is :latest' : ''}: the next pull may bring a major version that does not read its data`,
        instead: `${escapeName(image.text.replace(/:[^:/]*$/, ''))}:MAJOR`,
      })),
}
