import { execFile, spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Stop } from '../../model/failure.ts'

/**
 * GNU tar of this machine: its path, or null where the first `tar` on PATH is another one. Only GNU tar writes holes,
 * extended attributes and ACLs in one go and keeps them apart on the way back.
 */
export async function findGnuTar(variables: Readonly<Record<string, string>>): Promise<string | null> {
  const path = await findProgram('tar', variables)
  if (path === null) return null
  const version = await runProgram(path, ['--version'], variables)
  return version.code === 0 && version.stdout.startsWith('tar (GNU tar)') ? path : null
}

/** Writes a folder to stdout: deterministic but for sparse files, numeric owners, holes, xattrs, ACLs; `./` first. */
export function writingArgs(folder: string): readonly string[] {
  return [
    '--create',
    '--file=-',
    '--format=posix',
    // The defaults carry the process id and times that reading changes.
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
    '--sort=name',
    '--numeric-owner',
    '--xattrs',
    '--acls',
    '--sparse',
    // 64 KiB, what a pipe holds.
    '--blocking-factor=128',
    '--directory',
    folder,
    '.',
  ]
}

/**
 * Reads a tar from stdin into a folder; its root entry sets the folder's own owner, mode and time. Only root can give
 * files to others and set attributes that are not a user's: for anyone else everything becomes their own.
 */
export function readingArgs(folder: string, elevated = true): readonly string[] {
  return [
    '--extract',
    '--file=-',
    '--numeric-owner',
    ...(elevated ? ['--same-owner', '--xattrs-include=*'] : ['--no-same-owner']),
    '--preserve-permissions',
    '--xattrs',
    '--acls',
    '--blocking-factor=128',
    '--directory',
    folder,
  ]
}

/** The environment for a program of the host whose words are read: English, and no options smuggled in. */
function plainEnvironment(variables: Readonly<Record<string, string>>): Record<string, string> {
  const { TAR_OPTIONS: _options, TAPE: _tape, POSIXLY_CORRECT: _posix, ...rest } = variables
  return { ...rest, LC_ALL: 'C' }
}

/** Runs a program to its end, output captured (at most 1 MB). Never throws for its exit code. */
export function runProgram(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise(resolve => {
    execFile(program, args, { env: plainEnvironment(variables) }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr: stderr || (code === -1 ? (error?.message ?? '') : '') })
    })
  })
}

/** Starts tar with pipes on its standard streams. `done` rejects with its own words unless it ends well. */
export function startTar(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): {
  readonly child: ReturnType<typeof spawn>
  readonly done: Promise<void>
} {
  const child = spawn(program, [...args], {
    env: plainEnvironment(variables),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-4000)))
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', error => reject(tarFailure(error.message)))
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(tarFailure(complaint.trim() || `it ended with ${signal ?? `code ${code}`}`))
    })
  })
  done.catch(() => {}) // The caller may be done with it before it ends.
  return { child, done }
}

/** A program on the PATH of `variables`; null when there is none. */
export async function findProgram(
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<string | null> {
  for (const folder of (variables['PATH'] || '/usr/local/bin:/usr/bin:/bin').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, name)
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) return path
  }
  return null
}

function tarFailure(why: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `tar failed: ${why}`,
    how: 'see to what tar says, then run the command again',
  })
}
