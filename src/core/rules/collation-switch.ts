import type { ImageFact } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import { databaseServer } from '../database-server.ts'
import { escapeName } from '../escape.ts'
import { readImageReference } from '../image-reference.ts'
import { freshStarts, imageOfContainer } from '../served-data.ts'
import type { FreshStart } from '../served-data.ts'

/**
 * A PostgreSQL image with another C library (Alpine ↔ Debian), or of another Debian release, sorts text differently.
 *
 * The rows stay; indexes over text were built in the old order, and are searched in the new one: lookups miss rows,
 * unique constraints let duplicates in. Nothing fails. Databases in the C collation or in ICU's are spared.
 */
export const collationSwitch: Rule = {
  id: 'collation-switch',
  title: 'a PostgreSQL image that sorts text differently would use the same indexes',
  about:
    'Alpine (musl) and Debian (glibc) sort text differently, and so do some Debian releases. Indexes over text that ' +
    'were built with the one are wrong under the other: rows are not found, duplicates get past unique constraints, ' +
    'and nothing fails. The rows themselves stay; REINDEX mends the indexes.',
  versions: 'all',
  instead: 'the same variant of the image (postgres:16-bookworm), or REINDEX DATABASE right after the start',
  leadsTo: ['corrupted', 'warning'],
  citations: [
    'docker-library/postgres#276',
    'docker-library/postgres#327',
    'docker-library/postgres#1288',
    'docker-library/postgres#1356',
    'sourcegraph/sourcegraph#23310',
    'mediacms-io/mediacms#1441',
  ],
  check: (facts, invocation) =>
    freshStarts(facts, invocation).flatMap(start => {
      const { service, image, replaced } = start
      if (replaced === null || databaseServer(service.image, image)?.maker !== 'PostgreSQL') return []
      const before = platformOf(replaced.image, imageOfContainer(facts, replaced))
      const now = platformOf(service.image ?? '', image)
      const words = [before, now].map(platform => (platform === null ? '' : wordsFor(platform)))
      if (before === null || now === null || !sortsDifferently(before, now)) return []
      return findingsFor(start, words.join(' → '), before.libc !== now.libc)
    }),
}

function findingsFor(
  { service, data }: FreshStart,
  change: string,
  otherLibrary: boolean,
): readonly Finding[] {
  const name = escapeName(service.name)
  return data
    .filter(({ exists }) => exists)
    .map(({ holding }) => ({
      rule: 'collation-switch',
      outcome: 'corrupted',
      holding,
      because: otherLibrary
        ? `${name} would sort text differently (${change}): the indexes in ${escapeName(nameOfHolding(holding))} would be wrong, and rows not found`
        : `${name} comes with another Debian release (${change}), which may sort text differently: run REINDEX DATABASE after it has started`,
      evidence: [`the image of ${name} changes: ${change}`],
      usedBy: [name],
      instead: otherLibrary
        ? `the same variant of the image for ${name}, or REINDEX DATABASE right after it`
        : null,
      canBackUp: true,
      // A release comes with an ordinary pull, and most leave the order of most languages as it is.
      ...(otherLibrary ? {} : { warning: true as const }),
    }))
}

/** What decides how an image sorts text. */
interface Platform {
  readonly libc: 'musl' | 'glibc'
  /** Null where it cannot be told. */
  readonly debian: number | null
}

const debianReleases: Readonly<Record<string, number>> = {
  stretch: 9,
  buster: 10,
  bullseye: 11,
  bookworm: 12,
  trixie: 13,
  forky: 14,
}

/**
 * By the package's version, which the official images carry (`15.4-1.pgdg120+1` on Debian, plain on Alpine), else by
 * the tag. Null where neither tells.
 */
function platformOf(reference: string, image: ImageFact | undefined): Platform | null {
  const tag = readImageReference(reference).tag ?? ''
  const version = image?.versions['PG_VERSION'] ?? ''
  const packaged = /\.pgdg(\d+)0\+/.exec(version)?.[1]
  if (packaged !== undefined) return { libc: 'glibc', debian: Number(packaged) }
  if (/(?:^|[-_.])alpine/.test(tag)) return { libc: 'musl', debian: null }
  const release = tag.split(/[-_.]/).find(word => Object.hasOwn(debianReleases, word))
  if (release !== undefined) return { libc: 'glibc', debian: debianReleases[release] ?? null }
  return /^\d+(\.\d+)+$/.test(version) ? { libc: 'musl', debian: null } : null
}

function sortsDifferently(before: Platform, now: Platform): boolean {
  if (before.libc !== now.libc) return true
  return before.debian !== null && now.debian !== null && before.debian !== now.debian
}

function wordsFor({ libc, debian }: Platform): string {
  if (libc === 'musl') return 'Alpine'
  return debian === null ? 'Debian' : `Debian ${debian}`
}
