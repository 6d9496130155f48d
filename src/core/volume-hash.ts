import type { VolumeModel } from '../model/facts.ts'

/**
 * The hash that Compose (2.32 and later) writes on a volume as `com.docker.compose.config-hash`: SHA-256, in hex, of
 * the volume's definition as Go encodes it in JSON. A volume whose label differs makes Compose offer to destroy it.
 */
export function volumeHash(volume: VolumeModel, sha256: (text: string) => string): string {
  return sha256(goJson(volume))
}

/** Go writes the fields in the order of its struct, leaves out what is empty, and sorts the keys of maps. */
function goJson(volume: VolumeModel): string {
  const fields = [
    volume.name === '' ? null : `"name":${goString(volume.name)}`,
    `"driver":${goString(volume.driver === null || volume.driver === '' ? 'local' : volume.driver)}`,
    goMap('driver_opts', volume.driverOptions),
    volume.external ? '"external":true' : null,
    goMap('labels', volume.labels),
  ]
  return `{${fields.filter(field => field !== null).join(',')}}`
}

function goMap(name: string, map: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(map)
  if (entries.length === 0) return null
  const sorted = entries.toSorted(([a], [b]) => compareCodePoints(a, b))
  return `"${name}":{${sorted.map(([key, value]) => `${goString(key)}:${goString(value)}`).join(',')}}`
}

/** Go also escapes what would be markup inside HTML, and the two line separators. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Go compares the bytes of UTF-8, which is the order of code points and not that of UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (const [index, character] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const difference = (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
