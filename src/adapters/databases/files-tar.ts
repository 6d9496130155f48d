import { Readable } from 'node:stream'
import type { InsideProcess, TarSource } from '../../model/ports.ts'
import { tarBytes } from '../../core/tar-entries.ts'
import type { TarBytes } from '../../core/tar-entries.ts'
import { paddingOf, writeExtension, writeHeader } from '../../core/tar-header.ts'
import { endedWell, refused } from './server.ts'

/**
 * Shell: says what is in a volume, each file as long as it is when its turn comes, whatever is written to it meanwhile:
 * `here PATH` a directory, `send PATH` a file, which is the function's input, `sent` the end. Paths begin with `./`, the
 * root's is `.`.
 */
export const sendingFiles = `
here() { printf 'd %s 0 %s\\n' "$(stat -c '%u %g %a %Y' "$1")" "$1"; }
send() {
  about=$(stat -L -c '%u %g %a %Y %s' /proc/self/fd/0) || exit
  printf 'f %s %s\\n' "$about" "$1"
  [ "\${about##* }" = 0 ] || head -c "\${about##* }"
  printf '\\n'
}
sent() { echo .; }
`

/**
 * What a program sends so, as the tar of a volume. It begins with the line `ready`, for which this waits. Throws
 * `not-possible` with the program's own words where that does not come.
 */
export async function sentFiles(
  program: InsideProcess,
  { who, notes }: { readonly who: string; readonly notes: readonly string[] },
): Promise<TarSource> {
  const bytes = tarBytes(program.stdout)
  const first = await lineOf(bytes)
  if (first !== 'ready') {
    program.hangUp()
    await endedWell(program, who)
    throw refused(who, 0, first ?? 'its shell says nothing')
  }
  return {
    kind: 'server',
    notes: ['extended attributes, ACLs and sockets are left out', ...notes],
    expectedBytes: null,
    command: null,
    open: async () => {
      const stream = Readable.from(asTar(bytes), { objectMode: false })
      const done = new Promise<void>((resolve, reject) => {
        stream.once('end', () => resolve(endedWell(program, who)))
        stream.once('error', reject)
        stream.once('close', () => reject(new Error('it was not read to its end')))
      })
      done.catch(() => {}) // The stream's own error may be handled first.
      return { stream, done }
    },
    close: async () => program.hangUp(),
  }
}

async function* asTar(bytes: TarBytes): AsyncGenerator<Buffer> {
  for (;;) {
    const line = await lineOf(bytes)
    if (line === '.') break
    const [, flag, uid, gid, mode, mtime, size, path] =
      /^([df]) (\d+) (\d+) ([0-7]+) (\d+) (\d+) (\..*)$/.exec(line ?? '') ?? []
    if (path === undefined) throw new Error('the copy of its files broke off')
    const isFile = flag === 'f'
    const header = {
      path: isFile ? path : `${path}/`,
      flag: isFile ? '0' : '5',
      size: Number(size),
      mode: Number.parseInt(mode ?? '', 8),
      uid: Number(uid),
      gid: Number(gid),
      mtime: Number(mtime),
    }
    if (header.path.length > 100) yield writeExtension(header, [['path', Buffer.from(header.path)]])
    yield writeHeader(header)
    yield* bytes.pass(header.size)
    if (!isFile) continue
    yield Buffer.alloc(paddingOf(header.size))
    if ((await lineOf(bytes)) !== '') throw new Error('a file became shorter while it was copied')
  }
  yield Buffer.alloc(1024)
  // Its end is told when everything is read.
  for await (const _ of bytes.rest());
}

/** Null at the end. */
async function lineOf(bytes: TarBytes): Promise<string | null> {
  let line = ''
  for (;;) {
    const next = await bytes.take(1)
    if (next === null) return line === '' ? null : line
    const character = next.toString('latin1')
    if (character === '\n') return line
    line += character
  }
}
