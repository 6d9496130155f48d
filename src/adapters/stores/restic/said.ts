import { maskedStore } from '../../../core/store-location.ts'

/**
 * What restic said on standard error, a line each, in one sentence for people: JSON and plain text stand side by side
 * there. The first complaint names the reason; what comes after it mostly only says that something was given up.
 *
 * @param secrets texts that must not be passed on
 */
export function sentenceOf(lines: readonly string[], secrets: readonly string[]): string {
  const said = lines.map(read)
  const full = said.find(({ text }) => /no space left on device|disk quota exceeded/i.test(text))
  const chosen =
    full ??
    said.find(({ type }) => type === 'error') ??
    said.find(({ type }) => type === 'exit_error') ??
    said.findLast(({ text }) => text !== '')
  const [first = ''] = (chosen?.text ?? '').split('\n')
  return hidden(first.replaceAll('Fatal: ', '').trim(), secrets)
}

/** Whether a line says that restic tries again what failed. */
export function saysRetry(line: string): boolean {
  return retryLine.test(line)
}

/** Why restic tried again, the last time that it said so; null where it never did. */
export function reasonForRetry(lines: readonly string[], secrets: readonly string[]): string | null {
  const reason = lines.flatMap(line => retryLine.exec(line)?.[1] ?? []).at(-1)
  return reason === undefined ? null : hidden(reason, secrets)
}

const retryLine = / returned error, retrying after [^:]*: (.*)$/

function hidden(text: string, secrets: readonly string[]): string {
  const masked = secrets
    .filter(secret => secret.length >= 4)
    .reduce((left, secret) => left.replaceAll(secret, '***'), text)
  return maskedStore(masked)
}

function read(line: string): { readonly type: 'text' | 'error' | 'exit_error'; readonly text: string } {
  const parsed = parseOrNull(line)
  if (parsed?.message_type === 'exit_error') return { type: 'exit_error', text: String(parsed.message) }
  if (parsed?.message_type === 'error') return { type: 'error', text: String(parsed.error?.message) }
  return { type: 'text', text: parsed === null ? line : '' }
}

interface Message {
  readonly message_type?: unknown
  readonly message?: unknown
  readonly error?: { readonly message?: unknown } | null
}

function parseOrNull(line: string): Message | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Message
  } catch {
    return null
  }
}
