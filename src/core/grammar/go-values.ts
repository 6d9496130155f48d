/** A value in Go's own spelling, or Go's message. */
export type GoValue = { readonly value: string } | { readonly error: string }

/** A switch as `strconv.ParseBool` reads it: `true` or `false`. */
export function readSwitch(text: string): GoValue {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return { value: 'true' }
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return { value: 'false' }
  return { error: `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax` }
}

/** A whole number as `strconv.ParseInt(text, 0, 64)` reads it (`-1`, `0x10`, `0b1`, `017`, `1_000`), in decimal. */
export function readInt(text: string): GoValue {
  const form =
    /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/
  if (!form.test(text)) return { error: `strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax` }
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '').toLowerCase()
  const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits)
  const value = text.startsWith('-') ? -size : size
  if (BigInt.asIntN(64, value) !== value) {
    return { error: `strconv.ParseInt: parsing ${goQuote(text)}: value out of range` }
  }
  return { value: String(value) }
}

/** Text in quotes as Go's `%q` shows it. */
export function goQuote(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '"': '\\"',
    '\\': '\\\\',
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  }
  let quoted = ''
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0
    if (named[letter] !== undefined) quoted += named[letter]
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`
    else quoted += letter
  }
  return `"${quoted}"`
}
