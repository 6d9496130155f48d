import { readFileSync } from 'node:fs'

/** A program with its words, as it is started. */
export interface Start {
  readonly program: string
  readonly args: readonly string[]
}

/**
 * Words and variables that are no valid UTF-8 lose bytes when Node reads them, and it cannot hand the lost ones on.
 * Where there are such, a shell writes their bytes out again and becomes the program.
 *
 * @param start what would be started, in Node's reading of it
 */
export function keepRawBytes(start: Start, variables: Readonly<Record<string, string>>): Start {
  const mangledWords = [start.program, ...start.args].some(isMangled)
  const mangledNames = Object.entries(variables).flatMap(([name, value]) => (isMangled(value) ? [name] : []))
  if (!mangledWords && mangledNames.length === 0) return start
  const words = mangledWords ? rawTexts('/proc/self/cmdline') : new Map<string, Buffer>()
  const entries = mangledNames.length > 0 ? rawTexts('/proc/self/environ') : new Map<string, Buffer>()
  const script: string[] = []
  for (const name of mangledNames) {
    const raw = entries.get(`${name}=${variables[name]}`)
    if (raw === undefined || !/^[A-Za-z_]\w*$/.test(name)) continue
    script.push(
      `${name}=${written(raw.subarray(name.length + 1))}`,
      `${name}=\${${name}%_}`,
      `export ${name}`,
    )
  }
  const args = start.args.map((arg, index) => {
    const raw = words.get(arg)
    if (raw === undefined) return `"\${${index + 1}}"`
    script.push(`raw${index}=${written(raw)}`)
    return `"\${raw${index}%_}"`
  })
  if (script.length === 0) return start
  script.push(['exec "$0"', ...args].join(' '))
  return { program: '/bin/sh', args: ['-c', script.join('\n'), start.program, ...start.args] }
}

function isMangled(text: string): boolean {
  return text.includes('\uFFFD')
}

/** The entries of a list that the kernel keeps, by Node's reading of them, where that differs. */
function rawTexts(path: string): ReadonlyMap<string, Buffer> {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    // No /proc: Node's reading is all there is.
    return new Map()
  }
  const texts = new Map<string, Buffer>()
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from)
    const raw = bytes.subarray(from, end < 0 ? bytes.length : end)
    const text = raw.toString()
    if (!Buffer.from(text).equals(raw)) texts.set(text, raw)
    from += raw.length + 1
  }
  return texts
}

/** Shell words for these bytes and a `_` after them, which saves newlines at the end from the substitution. */
function written(bytes: Buffer): string {
  const octal = [...bytes, 0x5f].map(byte => `\\${byte.toString(8).padStart(3, '0')}`)
  return `$(printf '${octal.join('')}')`
}
