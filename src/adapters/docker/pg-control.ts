/** What `global/pg_control` says of a cluster. */
export interface PgControl {
  /** Unique per `initdb`, the same after any move or copy. Decimal. */
  readonly systemIdentifier: string
}

/** Reads the first bytes of `pg_control` (512 are enough); null when their checksum is wrong: a torn or foreign file. */
export function readPgControl(bytes: Buffer): PgControl | null {
  if (bytes.length < 400) return null
  const little = isVersion(bytes.readUInt32LE(8))
  if (!little && !isVersion(bytes.readUInt32BE(8))) return null
  const read32 = (offset: number): number =>
    little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset)
  // Where the checksum lies differs from version to version; it covers all bytes before it.
  let crc = crc32c(bytes, 0, 200, 0xffffffff)
  for (let offset = 200; offset <= 396; offset += 4) {
    if ((crc ^ 0xffffffff) >>> 0 === read32(offset)) {
      return { systemIdentifier: String(little ? bytes.readBigUInt64LE(0) : bytes.readBigUInt64BE(0)) }
    }
    crc = crc32c(bytes, offset, offset + 4, crc)
  }
  return null
}

/** `pg_control_version`: 903, 1002, 1300, 1800, …. */
function isVersion(number: number): boolean {
  return number >= 800 && number < 100_000
}

/** CRC-32C (Castagnoli), bit by bit: the file is small. Takes and gives the inverted register. */
function crc32c(bytes: Buffer, start: number, end: number, before: number): number {
  let crc = before
  for (let index = start; index < end; index++) {
    crc ^= bytes[index] ?? 0
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return crc >>> 0
}
