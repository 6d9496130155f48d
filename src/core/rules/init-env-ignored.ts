import type { Facts, Settings } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { identityOfHolding, nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { otherCommand } from '../command-line.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'
import { freshStarts } from '../served-data.ts'
import type { FreshStart, ServedData } from '../served-data.ts'
import { effectiveSettings, initialSettings } from '../settings.ts'

/**
 * POSTGRES_PASSWORD, MYSQL_DATABASE and the like are changed after the database was first set up.
 *
 * The images read them only while the data directory is empty: the old password stays, the new database is missing.
 * Nothing is lost by that, but many delete the volume to make it work.
 */
export const initEnvIgnored: Rule = {
  id: 'init-env-ignored',
  title: 'a changed password or database name has no effect on data that is already set up',
  about:
    'The images read POSTGRES_PASSWORD, POSTGRES_DB, MYSQL_*, MARIADB_* and MONGO_INITDB_* only while the data ' +
    'directory is empty. On an existing one the old password stays and a new database is missing. Nothing is lost, ' +
    'unless the volume is deleted to make it work.',
  versions: 'all',
  instead: "ALTER ROLE … PASSWORD '…', CREATE DATABASE …, in the running database",
  leadsTo: ['warning'],
  citations: [
    'docker-library/postgres#203',
    'docker-library/postgres#537',
    'nickjj/docker-django-example#10',
  ],
  looksInto: (facts, invocation) =>
    changedStarts(facts, invocation).flatMap(({ data }) =>
      data.filter(each => each.exists).map(each => each.holding),
    ),
  check: (facts, invocation) =>
    changedStarts(facts, invocation).flatMap(start => {
      const data = start.data.find(each => each.exists && !isEmpty(facts, each))
      return data === undefined ? [] : [findingFor(invocation, start, data)]
    }),
}

type Changed = FreshStart & { readonly keys: readonly string[]; readonly settings: Settings }

/** The databases whose container is replaced by one that is set up otherwise. */
function changedStarts(facts: Facts, invocation: Invocation): readonly Changed[] {
  return freshStarts(facts, invocation).flatMap(start => {
    const before = start.replaced?.details?.settings
    if (before === undefined) return []
    const settings = effectiveSettings(start.service, start.image)
    // What is taken away has done its work.
    const keys = initialSettings.filter(key => settings[key] !== undefined && settings[key] !== before[key])
    return keys.length === 0 ? [] : [{ ...start, keys, settings }]
  })
}

function isEmpty(facts: Facts, { holding }: ServedData): boolean {
  return facts.contents[identityOfHolding(holding)]?.empty === true
}

function findingFor(
  invocation: Invocation,
  { service, replaced, keys, settings }: Changed,
  data: ServedData,
): Finding {
  const name = escapeName(service.name)
  const place = escapeName(nameOfHolding(data.holding))
  return {
    rule: 'init-env-ignored',
    outcome: 'recreated',
    holding: data.holding,
    because: `${listed(keys)} of ${name} changed, but ${place} is already set up: nothing of it takes effect`,
    evidence: [
      `container ${escapeName(replaced?.name ?? '')} of ${replaced?.createdAt ?? ''} was made with other values`,
      `the image reads ${listed(keys)} only while the data directory is empty`,
    ],
    usedBy: [name],
    instead: remedyFor(invocation, service.name, keys, settings),
    canBackUp: true,
    warning: true,
  }
}

/** The client's command line that does by hand what the variable does at first. `…` stands for what is secret. */
function remedyFor(
  invocation: Invocation,
  service: string,
  keys: readonly string[],
  settings: Settings,
): string {
  const has = (end: string): boolean => keys.some(key => key.endsWith(end))
  const text = (key: string, otherwise: string): string => escapeName(settings[key] ?? otherwise)
  const kind = keys[0]?.split('_', 1)[0] ?? ''
  const exec = (...words: readonly string[]): string => otherCommand(invocation, ['exec', service, ...words])
  if (kind === 'POSTGRES') {
    const user = text('POSTGRES_USER', 'postgres')
    const client = exec('psql', '-U', keys.includes('POSTGRES_USER') ? '…' : user)
    const statements = [
      ...(keys.includes('POSTGRES_USER') ? [`CREATE ROLE "${user}" SUPERUSER LOGIN PASSWORD '…'`] : []),
      ...(keys.includes('POSTGRES_PASSWORD') && !keys.includes('POSTGRES_USER')
        ? [`ALTER ROLE "${user}" PASSWORD '…'`]
        : []),
      ...(keys.includes('POSTGRES_DB') ? [`CREATE DATABASE "${text('POSTGRES_DB', '…')}"`] : []),
    ]
    return `${client}, then ${statements.join('; ')}`
  }
  if (kind === 'MYSQL' || kind === 'MARIADB') {
    const user = text(`${kind}_USER`, '…')
    const statements = [
      ...(keys.includes(`${kind}_ROOT_PASSWORD`) ? ["ALTER USER root IDENTIFIED BY '…'"] : []),
      ...(keys.includes(`${kind}_USER`)
        ? [`CREATE USER '${user}' IDENTIFIED BY '…'`]
        : keys.includes(`${kind}_PASSWORD`)
          ? [`ALTER USER '${user}' IDENTIFIED BY '…'`]
          : []),
      ...(has('_DATABASE') ? [`CREATE DATABASE \`${text(`${kind}_DATABASE`, '…')}\``] : []),
    ]
    return `${exec(kind === 'MYSQL' ? 'mysql' : 'mariadb', '-u', 'root', '-p')}, then ${statements.join('; ')}`
  }
  return `${exec('mongosh')}, then db.changeUserPassword or db.createUser`
}
