import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Milliseconds after which a program is left alone that only should say its version. */
const patience = 5000

/** The version that a program says it has; null where it does not say. */
export async function programVersion(
  path: string,
  variables: Readonly<Record<string, string>>,
): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { env: variables, timeout: patience })
    return /\d+\.\d[\w.+~-]*/.exec(stdout)?.[0] ?? null
  } catch {
    return null
  }
}
