import type { Suite } from './apt.ts'

/** Engines and the Debian suite whose packages they are. */
export const engines: Readonly<Record<string, Suite>> = {
  '28.5': 'sid',
  '26.1': 'trixie',
  '20.10': 'bookworm',
}

/** Compose versions and the Debian suite whose packages they are. */
export const composes: Readonly<Record<string, Suite>> = {
  '2.40.3': 'sid',
  '2.26.1': 'trixie',
  '1.29.2': 'bookworm',
}

/**
 * The suite for a version asked for; `newest` (the default) is what sid has today, of whatever version.
 *
 * Asked for by the caller, else by the environment variable.
 */
export function chooseSuite(
  known: Readonly<Record<string, Suite>>,
  asked: string | undefined,
  variable: string,
): { suite: Suite; expected: string | null } {
  const wanted = asked || process.env[variable] || 'newest'
  if (wanted === 'newest') return { suite: 'sid', expected: null }
  const suite = known[wanted]
  if (suite) return { suite, expected: wanted }
  throw new Error(
    `no "${wanted}" to test with; there are newest, ${Object.keys(known).join(', ')} (${variable})`,
  )
}
