import { spawn } from 'node:child_process'
import type { TarSink, TarSource } from '../../src/model/ports.ts'

/** A directory of this machine as a source, by the host's tar: through a stream, or for a compressor to run itself. */
export function directorySource(
  path: string,
  way: 'stream' | 'command',
  more: readonly string[] = [],
  program = 'tar',
): TarSource {
  const args = [...more, '-C', path, '--numeric-owner', '--sort=name', '-cf', '-', '.']
  return {
    kind: way === 'command' ? 'mountpoint' : 'api',
    notes: [],
    expectedBytes: null,
    command: way === 'command' ? { program, args } : null,
    ...(way === 'command' ? { directory: path } : {}),
    open: async () => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      return { stream: child.stdout, done: ended(child) }
    },
    close: async () => {},
  }
}

/** A directory of this machine as a sink. */
export function directorySink(path: string, way: 'stream' | 'command'): TarSink {
  const args = ['--blocking-factor=128', '-C', path, '--numeric-owner', '-xpf', '-']
  return {
    kind: way === 'command' ? 'mountpoint' : 'api',
    command: way === 'command' ? { program: 'tar', args } : null,
    open: async () => {
      const child = spawn('tar', args, { stdio: ['pipe', 'ignore', 'pipe'] })
      child.stdin.on('error', () => {})
      return { stream: child.stdin, done: ended(child) }
    },
    close: async () => {},
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  let words = ''
  child.stderr?.on('data', (text: Buffer) => {
    words += text.toString()
  })
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve() : reject(new Error(`tar ended with ${code}: ${words.trim()}`)),
    )
  })
  done.catch(() => {})
  return done
}
