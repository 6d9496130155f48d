import { createInterface } from 'node:readline'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Stop } from '../../model/failure.ts'
import type { Inside, InsideProcess } from '../../model/ports.ts'

/** Runs a line of the container's shell and gives what it printed. Throws `not-possible` with its own words. */
export async function ask(
  inside: Inside,
  line: string,
  options: {
    readonly input?: string
    readonly variables?: Readonly<Record<string, string>>
    /** For people: `PostgreSQL`. */
    readonly who: string
  },
): Promise<string> {
  const { who, ...rest } = options
  const { code, stdout, stderr } = await inside.run(line, rest)
  if (code !== 0) throw refused(who, code, stderr || stdout)
  return stdout
}

export function refused(who: string, code: number, words: string): Stop {
  const said = lastWords(words)
  const mayBeWell = code === 126 || code === 127 || locksOut.test(said)
  return new Stop({
    reason: 'not-possible',
    ...(mayBeWell ? { mayBeWell } : {}),
    what:
      code === 126 || code === 127
        ? `${who} cannot be asked: its container has no such program${said === '' ? '' : ` (${said})`}`
        : `${who} does not answer: ${howItEnded(said, code)}`,
    how: 'look at its log: docker compose logs SERVICE',
  })
}

/** A program that is killed, or crashes, says nothing of it. */
function howItEnded(said: string, code: number): string {
  const ended = code > 128 ? `its client was ended by signal ${code - 128}` : `its client ended with ${code}`
  if (said === '') return ended
  return code > 128 ? `${said} (${ended})` : said
}

/** Words of a server that is there, and lets in others. */
const locksOut =
  /password authentication failed|no password supplied|pg_hba\.conf|role "[^"]*" does not exist|access denied for user|NOAUTH|WRONGPASS|NOPERM/i

/**
 * Asks a question whose answer is one number. `answer` finds it in what was printed. Throws `not-possible` with what is
 * wrong, in the server's own words where it has some.
 */
export async function askNumber(
  inside: Inside,
  line: string,
  options: Parameters<typeof ask>[2] & { readonly answer: (printed: string) => string | null },
): Promise<number> {
  const { who, answer, ...rest } = options
  const { code, stdout, stderr } = await inside.run(line, rest)
  if (code !== 0) throw badQuestion(lastWords(stderr || stdout) || `its client ended with ${code}`)
  const text = answer(stdout)?.trim() ?? ''
  if (/^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return Number(text)
  throw badQuestion(text === '' ? `${who} gives no answer` : `the answer is no number: ${text.slice(0, 100)}`)
}

/** A question that cannot be answered with a number. */
export function badQuestion(what: string): Stop {
  return new Stop({
    reason: 'not-possible',
    // Where psql says an error to be is a place in what it was given, not in the question.
    what: what.replace(/^psql:<stdin>:\d+: /, '').replace(/ at character \d+$/, ''),
    how: 'correct it in the configuration, under critical',
  })
}

/** Milliseconds that a question may take. */
export const askedFor = 10_000

/** The line that says what is wrong; where none says so, the last that is no mere note. */
function lastWords(words: string): string {
  const lines = words
    .trim()
    .split('\n')
    .filter(line => !line.includes('[Note]'))
  const line = lines.findLast(each => /\b(error|fatal)\b/i.test(each)) ?? lines.at(-1)
  return line?.trim().slice(0, 500) ?? ''
}

/** Rejects with the program's own words unless it ended with 0. */
export async function endedWell({ ended }: Pick<InsideProcess, 'ended'>, who: string): Promise<void> {
  const { code, stderr } = await ended
  if (code !== 0) throw refused(who, code, stderr)
}

/** Gives a stream to a program of the container, and waits for its end. Throws `not-possible` with its own words. */
export async function pour(
  inside: Inside,
  line: string,
  stream: Readable,
  options: { readonly who: string; readonly variables: Readonly<Record<string, string>> },
): Promise<void> {
  const { who, variables } = options
  const program = await inside.start(line, { variables })
  program.stdout.resume()
  const given = pipeline(stream, program.stdin)
  // A program that ends before it has read everything closes its side: how it ended tells why.
  given.catch(() => {})
  try {
    await endedWell(program, who)
  } catch (error) {
    stream.destroy()
    throw error
  }
  await given
}

/** A file name for a database's name: safe, and different for different names. */
export function fileNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    names.map(name => {
      const plain =
        name
          .replace(/[^A-Za-z0-9_.-]+/g, '_')
          .replace(/^[_.-]+/, '')
          .slice(0, 100) || 'database'
      let file = plain
      for (let more = 2; taken.has(file); more++) file = `${plain}.${more}`
      taken.add(file)
      return [name, file]
    }),
  )
}

/** Lines with something on them. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter(line => line.trim() !== '')
}

/** Lines of JSON, one value each; what is none (a notice of the shell's) is passed over. */
export function jsonLines(text: string): readonly (readonly (string | number | null)[])[] {
  return text.split('\n').flatMap(line => {
    if (!line.startsWith('[')) return []
    try {
      return [JSON.parse(line) as readonly (string | number | null)[]]
    } catch {
      return []
    }
  })
}

/** What a program says line by line, while it goes on. */
export interface Said {
  /** All so far. */
  readonly lines: readonly string[]
  /** The first line that is so, now or later. Throws `not-possible` when the program ends without it. */
  readonly lineThat: (is: (line: string) => boolean) => Promise<string>
}

export function readLines(program: InsideProcess, who: string): Said {
  const lines: string[] = []
  let wake = (): void => {}
  let news = new Promise<void>(resolve => (wake = resolve))
  let over: { readonly code: number; readonly stderr: string } | null = null
  let lost: unknown = null
  const tell = (): void => {
    wake()
    news = new Promise<void>(resolve => (wake = resolve))
  }
  const reader = createInterface({ input: program.stdout, crlfDelay: Infinity })
  reader.on('line', line => {
    lines.push(line)
    tell()
  })
  reader.on('error', () => {}) // Told by `ended`.
  program.ended.then(
    end => {
      over = end
      // The last lines may still be on their way.
      setImmediate(tell)
    },
    (error: unknown) => {
      lost = error
      tell()
    },
  )
  return {
    lines,
    lineThat: async is => {
      for (;;) {
        const found = lines.find(is)
        if (found !== undefined) return found
        if (lost !== null) throw lost
        if (over !== null) throw refused(who, over.code, over.stderr)
        await news
      }
    },
  }
}

/**
 * Passes a stream on and keeps its end, in which dumps say that they are whole. That is there when all of it has passed: a
 * program has ended long before, where its reader is slow.
 */
export function keepEnd(source: Readable): { readonly stream: Readable; readonly end: Promise<string> } {
  let end = Buffer.alloc(0)
  let passed = (): void => {}
  const all = new Promise<void>(resolve => (passed = resolve))
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      end = Buffer.concat([end, chunk]).subarray(-1024)
      done(null, chunk)
    },
    flush: done => {
      passed()
      done()
    },
  })
  stream.once('close', passed)
  source.once('error', error => stream.destroy(error))
  stream.on('error', () => {}) // Told by whoever reads it, and by how the program ended.
  stream.once('close', () => void source.destroy())
  source.pipe(stream)
  return { stream, end: all.then(() => end.toString('utf8')) }
}
