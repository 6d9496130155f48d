/**
 * The variables of a `.env` file, as Compose reads it: comments, `export`, quotes, values over several lines, and
 * `${NAME}` with its defaults, taken from `given` first and then from what stands above. The file's first assignment
 * of a name is overruled by its last.
 *
 * A line that Compose would reject is passed over: Compose says what is wrong with it.
 */
export function readEnvFile(
  text: string,
  given: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  for (const [, name = '', single, double, plain = ''] of source.matchAll(assignment)) {
    const lookUp = (key: string): string | undefined => given[key] ?? values[key]
    if (single !== undefined) values[name] = single
    else if (double !== undefined) values[name] = interpolate(unescape(double), lookUp)
    else values[name] = interpolate(plain.replace(/(^|\s+)#.*$/, '').trim(), lookUp)
  }
  return values
}

/** A name, `=` or `:`, and a value: in single quotes, in double quotes, or plain to the end of its line. */
const assignment =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\[^])*)"|([^\n]*))/gm

function unescape(text: string): string {
  return text.replaceAll(/\\([nrt"\\])/g, (_, letter: string) => escapes[letter] ?? letter)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`, `$$`. */
function interpolate(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replaceAll(
    /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?)([-+?])([^{}]*))?\}|([A-Za-z_]\w*))/g,
    (whole, braced: string | undefined, colon: string, sign: string, other: string, bare: string) => {
      if (whole === '$$') return '$'
      const value = lookUp(braced ?? bare)
      const isMissing = value === undefined || (colon === ':' && value === '')
      if (sign === '-' && isMissing) return other
      if (sign === '+') return isMissing ? '' : other
      return value ?? ''
    },
  )
}
