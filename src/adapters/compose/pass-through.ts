import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { constants } from 'node:os'
import { Stop } from '../../model/failure.ts'
import type { ChildEnd } from '../../model/ports.ts'
import { whyNotExecutable } from './executable.ts'
import { childVariables } from './found-variables.ts'
import { isStillHeld, type InheritedDescriptor } from './inherited-descriptors.ts'
import type { OwnProcess, Variables } from './own-process.ts'
import type { Program } from './program.ts'
import { keepRawBytes } from './raw-words.ts'
import { openReplay } from './replay.ts'
import { shareSignals } from './share-signals.ts'

export interface Run {
  readonly own: OwnProcess
  readonly variables: Variables
  /** Inherited descriptors above 2, handed on under their numbers. */
  readonly descriptors: readonly InheritedDescriptor[]
  readonly directory?: string | undefined
  /** Bytes that stand in for what is to be read from a descriptor. */
  readonly replays?: ReadonlyMap<number, Uint8Array>
}

/**
 * Hands the command over to Compose, or to docker, for good. Where the process can replace itself by it it does, and this
 * never returns; else as `runCompose`.
 */
export function passThrough(found: Program, argv: readonly string[], run: Run): Promise<ChildEnd> {
  const { execve } = run.own
  if (execve !== undefined && mayBeReplaced(run)) {
    const why = whyNotExecutable(found.program)
    if (why !== null) throw new Stop({ reason: 'compose-not-executable', path: found.program, why })
    const variables = childVariables(found, run.variables)
    const { program, args } = keepRawBytes(
      { program: found.program, args: [...found.prefixArgs, ...argv] },
      variables,
    )
    execve(program, [found.calledAs ?? program, ...args], variables)
  }
  return runCompose(found, argv, run)
}

/**
 * Node has closed inherited descriptors to its successor, and leaves it deaf to SIGPIPE, which would change how
 * `logs | head` ends: then Compose becomes a child.
 */
function mayBeReplaced(run: Run): boolean {
  return run.descriptors.length === 0 && ![1, 2].some(isPipe)
}

function isPipe(fd: number): boolean {
  try {
    const found = fstatSync(fd)
    return found.isFIFO() || found.isSocket()
  } catch {
    // A closed descriptor is no pipe.
    return false
  }
}

/**
 * Runs Compose, or docker, with this argv, its standard streams being ours, and resolves with how it ended. Every signal reaches
 * it once. Throws `compose-not-executable` when it cannot be started.
 */
export async function runCompose(found: Program, argv: readonly string[], run: Run): Promise<ChildEnd> {
  const variables = childVariables(found, { ...run.variables, ...workingDirectory(run.directory) })
  const replays = [...(run.replays ?? [])].map(([fd, bytes]) => ({ fd, replay: openReplay(bytes) }))
  try {
    const start = keepRawBytes({ program: found.program, args: [...found.prefixArgs, ...argv] }, variables)
    const child = spawn(start.program, start.args, {
      argv0: found.calledAs,
      cwd: run.directory,
      env: variables,
      stdio: descriptorTable(
        run.descriptors,
        replays.map(({ fd, replay }) => [fd, replay.fd]),
      ),
    })
    const signals = shareSignals(child, run.own)
    try {
      return asSeenFromOutside(found, await endOf(child, found.program), signals.received)
    } finally {
      signals.end()
    }
  } finally {
    for (const { replay } of replays) replay.close()
  }
}

/** Compose reads PWD to keep symbolic links in paths. */
export function workingDirectory(directory: string | undefined): Readonly<Record<string, string>> {
  return directory === undefined ? {} : { PWD: directory }
}

/** Which of our descriptors each of the child's is; those between are left closed. */
export function descriptorTable(
  inherited: readonly InheritedDescriptor[],
  replaced: readonly (readonly [fd: number, by: number])[],
): Exclude<StdioOptions, string> {
  const open = inherited.filter(isStillHeld).map(({ fd }) => fd)
  const length = Math.max(2, ...open, ...replaced.map(([fd]) => fd)) + 1
  return Array.from({ length }, (_, fd) => {
    const by = replaced.find(([number]) => number === fd)?.[1]
    return by ?? (fd <= 2 || open.includes(fd) ? fd : 'ignore')
  })
}

function endOf(child: ChildProcess, program: string): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', cause => {
      const failure = { reason: 'compose-not-executable', path: program, why: cause.message } as const
      reject(new Stop(failure, { cause }))
    })
    child.once('exit', (code, signal) => {
      resolve(signal === null ? { code: code ?? 1, signal } : { code: null, signal })
    })
  })
}

/** When its plugin dies by a signal that did not reach it too, the docker CLI ends with 255. */
function asSeenFromOutside(found: Program, end: ChildEnd, received: ReadonlySet<NodeJS.Signals>): ChildEnd {
  const isPluginsOwn = found.isBarePlugin && end.signal !== null && !received.has(end.signal)
  return isPluginsOwn ? { code: 255, signal: null } : end
}

/** Ends this process as Compose ended: by the same code, or by the same signal. */
export function endLike(end: ChildEnd, own: OwnProcess): never {
  if (end.signal === null) return own.exit(end.code)
  if (end.signal !== 'SIGKILL' && end.signal !== 'SIGSTOP') {
    // A listener that comes and goes leaves the signal's default behind, even for those that Node ignores.
    const listener = (): void => {}
    own.removeAllListeners(end.signal)
    own.on(end.signal, listener)
    own.off(end.signal, listener)
  }
  own.kill(own.pid, end.signal)
  return own.exit(128 + constants.signals[end.signal])
}
