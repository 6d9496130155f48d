import { noProject } from '../core/docker/projects.ts'
import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes } from '../core/format.ts'
import { aroundCommand } from '../core/options.ts'
import type { Stake } from '../model/finding.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'

/** The name a person knows a holding by, safe to print. */
export function nameOf(holding: Holding): string {
  return escapeName(nameOfHolding(holding))
}

/** `1.2 GB`, or that the look ran out of its time. */
export function sizeOf(contents: Contents | null): string {
  const bytes = contents?.bytes ?? null
  return bytes === null ? 'size unknown' : formatBytes(bytes)
}

/** `last write 2 min ago`; null when it could not be told. */
export function lastWriteOf(contents: Contents | null, now: Date): string | null {
  const lastWrite = contents?.lastWrite ?? null
  return lastWrite === null ? null : `last write ${formatAgeOf(lastWrite, now)}`
}

/** `shop_pgdata (PostgreSQL 15, 1.2 GB, last write 2 min ago)`; without a time, no last write. */
export function stakeInWords({ finding, contents }: Stake, now: Date | null): string {
  const facts = [
    contents?.database === null || contents?.database === undefined
      ? null
      : escapeName(contents.database.label),
    sizeOf(contents),
    now === null ? null : lastWriteOf(contents, now),
  ]
  return `${nameOf(finding.holding)} (${facts.filter(fact => fact !== null).join(', ')})`
}

/** A command line as it can be typed into a shell. */
export function quoted(words: readonly string[]): string {
  return words.map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(word)) return word
  return `'${escapeName(word).replaceAll("'", String.raw`'\''`)}'`
}

/** Whether these are words of the docker CLI itself: they stand with its name before them. */
export function isDockers([first]: readonly string[]): boolean {
  return first === 'docker'
}

/** What is handed to Compose or docker, as its user types it: `docker compose down -v`. */
export function composeLine(argv: readonly string[]): string {
  if (isDockers(argv)) return quoted(argv)
  const isPlugin = aroundCommand(argv).before.includes('compose')
  return quoted([isPlugin ? 'docker' : 'docker-compose', ...argv])
}

/** The same words typed to us, with ours in front: `safe-compose --safe-allow down-volumes down -v`. */
export function safeLine(argv: readonly string[], ours: readonly string[] = []): string {
  const [program, rest] = isDockers(argv)
    ? ['safe-docker', argv.slice(1)]
    : ['safe-compose', withoutCompose(argv)]
  return quoted([program, ...ours, ...rest])
}

/** The words of a command as a person thinks of it: `down -v`. */
export function shortLine(argv: readonly string[]): string {
  return quoted(withoutCompose(argv))
}

/** A command of ours on the same project: what chooses the project stays, `words` follow. */
export function sameProjectLine(argv: readonly string[], words: readonly string[]): string {
  if (isDockers(argv)) return quoted(['safe-docker', ...aroundCommand(argv.slice(1)).before, ...words])
  const before = aroundCommand(argv).before.filter(word => word !== 'compose')
  return quoted(['safe-compose', ...before, ...words])
}

/** The same files as another project: `docker compose -f a.yml -p scratch-7f3a up -d`. */
export function otherProjectLine(argv: readonly string[], project: string, words: readonly string[]): string {
  const { before } = aroundCommand(argv)
  const kept: string[] = []
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? ''
    if (word === '-p' || word === '--project-name') index++
    else if (!word.startsWith('--project-name=') && !/^-p./.test(word)) kept.push(word)
  }
  return composeLine([...kept, '-p', project, ...words])
}

/** `of project shop`, `of the projects blog, shop`; nothing for what belongs to no project. */
export function ofProject(project: string): string {
  const names = project.split(', ').filter(name => name !== noProject)
  if (names.length === 0) return ''
  const isAll = !project.split(', ').includes(noProject)
  const whose = `of ${names.length === 1 ? 'project' : 'the projects'} ${names.map(escapeName).join(', ')}`
  return isAll ? ` ${whose}` : ` ${whose} and of none`
}

/** The words before the command, which choose the project. */
export function projectWords(argv: readonly string[]): readonly string[] {
  return aroundCommand(argv).before
}

function withoutCompose(argv: readonly string[]): readonly string[] {
  if (isDockers(argv)) return argv
  const { before, after } = aroundCommand(argv)
  return [...before.filter(word => word !== 'compose'), ...after]
}

/** Four hex digits that differ from text to text, for the names of projects of their own. */
export function hexOf(text: string): string {
  let hash = 0
  for (const character of text) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return (hash & 0xffff).toString(16).padStart(4, '0')
}

/** What an agent that wants a clean database needs; the commands follow. */
export const ownProject =
  'If the goal is a clean database for a test, use a project of its own, which deletes nothing:'

/** The same where another project would meet the same data. */
export const ownFileNeeded =
  'If the goal is a clean database for a test, it needs a Compose file of its own: with this one, other projects may share its data.'
