/**
 * A name that came from a file or from the engine, safe to print on a terminal or in a log: control characters, escape
 * sequences, line breaks, invisible characters and those that turn the direction of writing are shown as `\n`, `\x1b`,
 * `\u202e`. Everything else stays as it is, so that doing it twice changes nothing.
 */
export function escapeName(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter)
}

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (character in short) return short[character] ?? ''
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}
