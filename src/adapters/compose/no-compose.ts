import type { Compose } from '../../model/ports.ts'
import type { Stop } from '../../model/failure.ts'

/** Where there is no Compose: whatever needs one ends as the search for it did. */
export function noCompose(why: Stop): Compose {
  const none = async (): Promise<never> => {
    throw why
  }
  return { fact: { version: 'none', form: 'plugin' }, model: none, hashes: none, run: none, call: none }
}
