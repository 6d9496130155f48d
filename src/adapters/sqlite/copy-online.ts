import { Stop } from '../../model/failure.ts'
import type { Inside, OnlineCopy, SqlitePlace, TarSource, Workshop } from '../../model/ports.ts'
import { lookInto, sumOf } from './look-into.ts'
import { isPlain, programInside } from './program-inside.ts'
import type { ProgramInside } from './program-inside.ts'

/**
 * The databases of a volume by SQLite's own online backup, in a container of the image of the program that writes to
 * them; it sees the volume, and cannot write to it. Only where each keeps a log (WAL): otherwise whoever reads makes
 * writers wait, and some do not. The files beside them are copied as they are, and count only if none was written to
 * meanwhile: what belongs together is of one moment.
 */
export async function copyOnline(place: SqlitePlace): Promise<OnlineCopy | { readonly whyNot: string }> {
  const program = await programInside(place.inside)
  return program === null
    ? { whyNot: 'its image has neither sqlite3 nor python3, which could copy its databases' }
    : { make: signal => make(program, place, signal) }
}

async function make(program: ProgramInside, place: SqlitePlace, signal: AbortSignal): Promise<TarSource> {
  const workshop = await place.workshop(signal)
  try {
    return await prepared(program, place, workshop)
  } catch (error) {
    await workshop.remove()
    throw error
  }
}

async function prepared(
  program: ProgramInside,
  { data, copy }: SqlitePlace,
  { inside, source }: Workshop,
): Promise<TarSource> {
  const run = lineRunner(inside, { SC_DATA: data, SC_COPY: copy })
  const names = plainNames(await run(databasesLine))
  const own = names.flatMap(name => ['', ...companions].map(ending => name + ending))
  const before = filesBeside(await run(filesLine), own)
  refuseUnsteady(before)
  refuseNoRoom(await run(roomLine))
  await run(copyBesideLine, { SC_WITHOUT: own.join('\n') })
  const trouble = await program.copy(inside, { names, data, copy })
  if (trouble !== null) throw cannot(`SQLite says: ${trouble}`)
  const after = filesBeside(await run(filesLine), own)
  if (linesOf(before) !== linesOf(after)) throw cannot(writtenTo)
  const sights = []
  for (const name of names) sights.push({ name, ...(await lookInto(program.ask(inside), `${copy}/${name}`)) })
  await run(finishLine, { SC_DATABASES: names.join('\n') })
  // Stores that read folders by themselves would find another one each time.
  const { directory: _, notes, ...rest } = await source()
  const sqlite = sumOf(sights.map(sight => ({ ...sight, name: inWords(sight.name) })))
  return { ...rest, kind: 'server', sqlite, notes: [...notes, ...sqlite.troubles] }
}

type Run = (line: string, variables?: Readonly<Record<string, string>>) => Promise<string>

/** Throws `not-possible` with what the line says. */
function lineRunner(inside: Inside, own: Readonly<Record<string, string>>): Run {
  return async (line, variables = {}) => {
    const { code, stdout, stderr } = await inside.run(`LC_ALL=C; export LC_ALL\n${line}`, {
      variables: { ...own, ...variables },
    })
    if (code !== 0) throw cannot(stderr.trim().split('\n').at(-1) || `a program ended with ${code}`)
    return stdout
  }
}

/** What belongs to a database and is in its copy already. */
const companions = ['-wal', '-shm', '-journal'] as const

/** SQLite can attach no more at once. */
const databasesAtMost = 10

/**
 * Of each database, told by its first bytes: how it is written (2: with a log), how many names it has, and its path. `head`
 * prints the names of the files before what is in them.
 */
const databasesLine = `
cd "$SC_DATA" || exit
find . -type f -size +0 -exec head -v -c 16 {} + 2>/dev/null |
  sed -n '/^==> .* <==$/{h;d;}
/^SQLite format 3/{x;s/^==> //;s/ <==$//;p;}' |
  while IFS= read -r name; do
    version=$(dd if="$name" bs=1 skip=18 count=1 2>/dev/null | od -An -tu1) && printf '%d %d %s\\n' "$version" "$(stat -c %h "$name")" "$name" || exit
  done`

function plainNames(printed: string): readonly string[] {
  const found = printed
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [version, links, ...name] = line.split(' ')
      return { hasLog: version === '2', links: Number(links), name: name.join(' ') }
    })
  if (found.length === 0) throw cannot('none of its databases is seen')
  if (found.length > databasesAtMost) throw cannot(`it has more than ${databasesAtMost} databases`)
  for (const { hasLog, links, name } of found) {
    if (!isPlain(name)) throw cannot('one of its databases has an unusual name')
    if (links > 1) throw cannot(`${inWords(name)} has several names`)
    if (!hasLog)
      throw cannot(`${inWords(name)} is written in place (not in WAL mode): who reads it holds up writers`)
  }
  return found.map(({ name }) => name)
}

/** `find` begins each with `./`. */
function inWords(name: string): string {
  return name.slice(2)
}

/**
 * What is not a folder: how many names it has, whether it was written to within the minute, and what changes when it is.
 * Whoever writes through memory changes that only when a page is written to for the first time since the kernel has put it
 * on the disk, which it does within that minute.
 */
const filesLine = `
cd "$SC_DATA" || exit
find . ! -type d ! -type s -exec stat -c '%h %s %y %z %i %n' {} + || exit
find . ! -type d ! -type s -mmin -1 -exec stat -c 'lately %n' {} +`

interface FileBeside {
  readonly line: string
  readonly hasSeveralNames: boolean
  readonly wasWritten: boolean
}

/** Those that belong to no database. */
function filesBeside(printed: string, own: readonly string[]): readonly FileBeside[] {
  const ends = own.map(name => ` ${name}`)
  return printed
    .split('\n')
    .filter(line => line !== '' && !ends.some(end => line.endsWith(end)))
    .map(line => ({
      line,
      hasSeveralNames: /^\d+ /.test(line) && !line.startsWith('1 '),
      wasWritten: line.startsWith('lately '),
    }))
}

function linesOf(files: readonly FileBeside[]): string {
  return files
    .filter(({ wasWritten }) => !wasWritten)
    .map(({ line }) => line)
    .toSorted()
    .join('\n')
}

const writtenTo = 'other files beside its databases are written to as well'

/** Where somebody writes all the time nothing has to be copied to see it. */
function refuseUnsteady(files: readonly FileBeside[]): void {
  if (files.some(({ wasWritten }) => wasWritten)) throw cannot(writtenTo)
  if (files.some(({ hasSeveralNames }) => hasSeveralNames))
    throw cannot('some of its files have several names')
}

/** Kibibytes that it takes, and that are free. */
const roomLine = `du -sk "$SC_DATA" | cut -f 1 && df -Pk "$SC_COPY" | tail -n 1`

/** It needs room beside the data until it is in the restore point, which may lie on the same disk. */
function refuseNoRoom(printed: string): void {
  const [, takes, free] = /^(\d+)\n[^\n]*\s(\d+)\s+\d+%/.exec(printed) ?? []
  if (takes === undefined || free === undefined || Number(free) < 2 * Number(takes))
    throw cannot('there is no room where volumes lie to prepare a copy')
}

/** Folders first, whose attributes come last. GNU's cp keeps extended attributes as well. */
const copyBesideLine = `
cd "$SC_DATA" || exit
find . -type d | while IFS= read -r name; do mkdir -p "$SC_COPY/$name" || exit; done || exit
set -f; IFS='
'; set --; for name in $SC_WITHOUT; do set -- "$@" ! -path "$name"; done
find . ! -type d ! -type s "$@" -exec sh -c 'cp -a --parents "$@" "$SC_COPY"' sh {} +`

const finishLine = `
cd "$SC_DATA" || exit
like() { chown "$(stat -c %u:%g "$1")" "$SC_COPY/$1" && chmod "$(stat -c %a "$1")" "$SC_COPY/$1" && touch -r "$1" "$SC_COPY/$1"; }
printf '%s\\n' "$SC_DATABASES" | while IFS= read -r name; do like "$name" || exit; done || exit
find . -depth -type d | while IFS= read -r name; do like "$name" || exit; done`

function cannot(what: string): Stop {
  return new Stop({ reason: 'not-possible', what, how: 'use --pause' })
}
