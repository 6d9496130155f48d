/** A text of ours as files of the user's are read here: a character for each of its bytes. */
export function asBytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), byte => String.fromCharCode(byte)).join('')
}
