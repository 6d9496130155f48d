import type { Rule } from '../../model/finding.ts'
import { escapeName } from '../escape.ts'
import type { UnseenData } from '../unseen-data.ts'
import { findUnseenData, holdingsOfUnseenData } from '../unseen-data.ts'
import { dataWords, placeWords, unseenFinding } from '../unseen-finding.ts'

/**
 * From PostgreSQL 18 on the official image keeps its data at `/var/lib/postgresql/18/docker` and declares its VOLUME at
 * `/var/lib/postgresql`; before it was `/var/lib/postgresql/data`.
 *
 * The same file with another tag then means another place. Data that lay in an anonymous volume is not handed on, and
 * the server makes a new, empty cluster; the same on the way back. Where the image notices the old files it refuses to
 * start. Nothing is deleted by it: the old files stay where they are.
 */
export const pg18VolumeMoved: Rule = {
  id: 'pg18-volume-moved',
  title: 'PostgreSQL 18 keeps its data at another place, and starts empty',
  about:
    'Up to PostgreSQL 17 the data lies at /var/lib/postgresql/data, from 18 on in a folder for each version below ' +
    '/var/lib/postgresql. With another tag and the same file the server looks at the other place: it makes a new, ' +
    'empty cluster, or refuses to start. The old files stay. Dump with the old version, restore into the new one.',
  versions: 'all',
  instead: 'image: postgres:17 until a dump is taken, then volumes: [data:/var/lib/postgresql]',
  leadsTo: ['hidden', 'warning'],
  citations: [
    'docker-library/postgres#1259',
    'docker-library/postgres#1372',
    'docker-library/postgres#1400',
    'DefectDojo/django-DefectDojo#14362',
    'Turbootzz/Nimbus#188',
  ],
  looksInto: holdingsOfUnseenData,
  check: (facts, invocation) =>
    findUnseenData(facts, invocation)
      .filter(({ cause }) => cause === 'layout')
      .map(unseen =>
        unseenFinding('pg18-volume-moved', unseen, invocation, {
          because:
            `PostgreSQL ${unseen.looks.postgresMajor} looks at ${escapeName(unseen.looks.path)}, and ` +
            `${dataWords(unseen)} is in ${placeWords(unseen)}: ${escapeName(unseen.service.name)} would start empty, or not at all`,
          ways: ways(unseen),
        }),
      ),
}

function ways({ label, looks, service }: UnseenData): readonly string[] {
  const wrote = /^PostgreSQL (\d+)/.exec(label ?? '')?.[1]
  const old = wrote === undefined ? 'the version that wrote it' : `PostgreSQL ${wrote}`
  if (wrote === String(looks.postgresMajor))
    return [
      `mount the volume so that its folder is ${looks.path}: volumes: [KEY:${mountFor(looks.path)}] for ${service.name}`,
    ]
  return [
    `stay with the image of ${old}, take a dump with it (pg_dumpall), and restore that into PostgreSQL ${looks.postgresMajor}`,
  ]
}

function mountFor(path: string): string {
  return path.replace(/\/\d+\/docker$/, '')
}
