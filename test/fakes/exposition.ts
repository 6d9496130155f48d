/**
 * Reads the text format of Prometheus, strictly: every family with HELP and TYPE before its samples and in one piece, no
 * sample twice, names and numbers as the format has them. Throws at the first fault. Gives each sample by its name and
 * its labels in alphabetical order, values as JSON has them.
 */
export function readExposition(text: string): ReadonlyMap<string, number> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line break')
  const samples = new Map<string, number>()
  const helped = new Set<string>()
  const typed = new Set<string>()
  const finished = new Set<string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, of = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? []
    if (word === 'HELP') {
      if (helped.has(of)) throw new Error(`${of} has HELP twice`)
      helped.add(of)
      continue
    }
    if (word === 'TYPE') {
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`${rest} is no type`)
      if (rest !== 'counter' && of.endsWith('_total')) throw new Error(`${of}: only a counter is a total`)
      if (typed.has(of)) throw new Error(`${of} has TYPE twice`)
      if (!helped.has(of)) throw new Error(`${of} has no HELP`)
      typed.add(of)
      continue
    }
    const { name, labels, value } = readSample(line)
    if (!typed.has(name)) throw new Error(`${name} has no TYPE`)
    if (name !== family) {
      if (finished.has(name)) throw new Error(`${name} is not in one piece`)
      if (family !== '') finished.add(family)
      family = name
    }
    const key = `${name}${labels}`
    if (samples.has(key)) throw new Error(`${key} is there twice`)
    samples.set(key, value)
  }
  return samples
}

function readSample(line: string): {
  readonly name: string
  readonly labels: string
  readonly value: number
} {
  const pair = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`
  const shape = new RegExp(
    String.raw`^([a-zA-Z_:][\w:]*)(?:\{(${pair}(?:,${pair})*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`,
  )
  const [, name, pairs, number] = shape.exec(line) ?? []
  if (name === undefined) throw new Error(`the line cannot be read: ${line}`)
  const labels = [...(pairs ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)]
    .map(([, label = '', value = '']) => `${label}=${JSON.stringify(unescaped(value))}`)
    .toSorted()
  return { name, labels: labels.length === 0 ? '' : `{${labels.join(',')}}`, value: Number(number) }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
