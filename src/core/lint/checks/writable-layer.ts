import { escapeName } from '../../escape.ts'
import type { LintCheck } from '../check.ts'
import { coveringMount, hasVolume, isKept, placesOf } from '../coverage.ts'
import { storesOf } from '../project.ts'

/** Data in no mount at all: it goes with the container, at any change of its configuration. */
export const writableLayer: LintCheck = {
  id: 'writable-layer',
  title: 'data lies in the container itself',
  level: 'error',
  check: project =>
    storesOf(project)
      .filter(store => !store.service.isPartial && !hasVolume(store) && isKept(store))
      .filter(store => coveringMount(store) === null)
      .map(store => {
        const [path = ''] = placesOf(store).data
        const name = escapeName(store.service.name)
        return {
          at: store.image.at,
          message: `${name} (${escapeName(store.image.text)}) keeps its data in ${path}, in the container itself: it goes when the container is replaced`,
          instead: `${name}_data:${path}`,
        }
      }),
}
