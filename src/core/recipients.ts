const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const

/**
 * Whether a text is the public recipient of an age key (`age1…`, X25519): its letters, its length and its checksum, so
 * that a slip of the pen is found before anything is encrypted to nobody.
 */
export function isRecipient(text: string): boolean {
  if (!recipientPattern.test(text)) return false
  const values = Array.from(text.slice('age1'.length), letter => alphabet.indexOf(letter))
  return checksumOf([...prefixValues, ...values]) === 1
}

export const recipientPattern = /^age1[02-9ac-hj-np-z]{58}$/

/** Whether a text looks like the secret half of a key, which must never be printed. */
export function isSecretKey(text: string): boolean {
  return /^\s*AGE-SECRET-KEY-/i.test(text)
}

/** How the checksum (BIP 173) sees the prefix `age`: the high bits of its letters, a zero, the low bits. */
const prefixLetters = [...'age'].map(letter => letter.charCodeAt(0))
const prefixValues = [
  ...prefixLetters.map(code => code >> 5),
  0,
  ...prefixLetters.map(code => code & 31),
] as const

function checksumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const top = sum >>> 25
    const shifted = ((sum & 0x1ffffff) << 5) ^ value
    return generator.reduce((mixed, part, bit) => (((top >>> bit) & 1) === 1 ? mixed ^ part : mixed), shifted)
  }, 1)
}
