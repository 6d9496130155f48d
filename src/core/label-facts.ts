import type { Facts } from '../model/facts.ts'

/** What is known of a project from the engine alone, without any Compose file: nothing was declared, asked or looked into. */
export function labelFacts(
  seen: Pick<Facts, 'takenAt' | 'compose' | 'engine' | 'containers' | 'volumes' | 'images' | 'ledger'>,
  project: Pick<Facts['project'], 'name' | 'directory' | 'directoryId' | 'files'>,
): Facts {
  return {
    ...seen,
    project: { ...project, namedBy: 'flag', pinned: [] },
    model: null,
    wholeModel: null,
    modelError: null,
    modelWarnings: '',
    target: 'labels',
    hashes: {},
    otherLedgers: [],
    contents: {},
    places: {},
  }
}
