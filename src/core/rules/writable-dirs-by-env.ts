import type { Rule } from '../../model/finding.ts'
import { escapeName } from '../escape.ts'
import type { UnseenData } from '../unseen-data.ts'
import { findUnseenData, holdingsOfUnseenData } from '../unseen-data.ts'
import { dataWords, placeWords, unseenFinding } from '../unseen-finding.ts'

/**
 * A variable or an option of the server names another data directory than the one that its data is in: `PGDATA`,
 * `--datadir`, `--dbpath`, Redis's `--dir`.
 *
 * The server makes a new, empty database there and comes up healthy. The old files stay in the volume, unseen, until
 * the setting is taken back.
 */
export const writableDirsByEnv: Rule = {
  id: 'writable-dirs-by-env',
  title: 'a setting moves the data directory away from the data',
  about:
    'PGDATA, --datadir, --dbpath or --dir names another directory than the one that the data is in. The server makes ' +
    'an empty database there. The old files stay, and are seen again when the setting is taken back.',
  versions: 'all',
  instead: 'PGDATA (or --datadir, --dbpath, --dir) as it was',
  leadsTo: ['hidden', 'warning'],
  citations: ['DefectDojo/django-DefectDojo#14362', 'docker-library/postgres#1259'],
  looksInto: holdingsOfUnseenData,
  check: (facts, invocation) =>
    findUnseenData(facts, invocation)
      .filter(({ cause }) => cause === 'setting')
      .map(unseen =>
        unseenFinding('writable-dirs-by-env', unseen, invocation, {
          because: `${settingWords(unseen)}, and ${dataWords(unseen)} is in ${placeWords(unseen)}: ${escapeName(unseen.service.name)} would start empty`,
          ways: [`set the data directory of ${unseen.service.name} to ${unseen.lay}, where its data is`],
        }),
      ),
}

function settingWords({ looks, service }: UnseenData): string {
  const path = escapeName(looks.path)
  if (looks.movedBy !== null) return `${looks.movedBy} makes ${escapeName(service.name)} look at ${path}`
  return `without the setting that it had, ${escapeName(service.name)} looks at ${path}`
}
