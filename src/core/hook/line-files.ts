import type { ShellScript } from '../../model/shell.ts'

/** The files that a line makes itself: those that it writes, and the `<(…)` in it. */
export class LineFiles {
  readonly #texts = new Map<string, string>()
  readonly #scripts = new Map<string, ShellScript>()

  /** What was written before is kept: `>>` adds, and a line can come to a place on several ways. */
  write(path: string, text: string): void {
    const plain = plainPath(path)
    this.#texts.set(plain, `${this.#texts.get(plain) ?? ''}${text}`)
  }

  /** Null for a file that is not the line's own. */
  textOf(path: string): string | null {
    return this.#texts.get(plainPath(path)) ?? null
  }

  /** The path under which a command finds what a `<(…)` writes. */
  pathOf(script: ShellScript): string {
    for (const [path, known] of this.#scripts) if (known === script) return path
    const path = `/dev/fd/pipe-${this.#scripts.size}`
    this.#scripts.set(path, script)
    return path
  }

  scriptAt(path: string): ShellScript | null {
    return this.#scripts.get(path) ?? null
  }
}

function plainPath(path: string): string {
  return path.replace(/^(\.\/)+/, '')
}

/** Whether a path leads to what a command reads anyway. */
export function isStandardInput(path: string): boolean {
  return ['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'].includes(path)
}
