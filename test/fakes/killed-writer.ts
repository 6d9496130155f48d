import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

export interface Written {
  /** Ids that the writer said were published before it was killed. */
  readonly published: readonly string[]
  /** Milliseconds for each of them, on an average. */
  readonly perPoint: number
}

/** Starts a writer with its arguments and kills it without warning, after a while or after some restore points. */
export type WriteUntil = (
  args: readonly string[],
  until: { readonly milliseconds: number } | { readonly published: number },
  variables?: Readonly<Record<string, string>>,
) => Promise<Written>

/** Builds the program of store-writer.ts in a folder. */
export function buildWriter(folder: string): WriteUntil {
  const program = join(folder, 'writer.mjs')
  buildSync({
    entryPoints: [new URL('store-writer.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fzstd'],
    outfile: program,
  })
  return (args, until, variables) =>
    new Promise((resolve, reject) => {
      const writer = spawn(process.execPath, [program, ...args], {
        ...(variables === undefined ? {} : { env: { ...variables } }),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      let began = 0
      writer.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (began === 0) {
          began = performance.now()
          if ('milliseconds' in until) setTimeout(() => writer.kill('SIGKILL'), until.milliseconds)
        }
        if ('published' in until && said.split('\n').length > until.published + 1) writer.kill('SIGKILL')
      })
      writer.on('error', reject)
      writer.on('close', (_, signal) => {
        if (signal !== 'SIGKILL') return reject(new Error(`the writer ended by itself: ${said}`))
        const published = said.split('\n').slice(1, -1)
        resolve({ published, perPoint: (performance.now() - began) / Math.max(published.length, 1) })
      })
    })
}
