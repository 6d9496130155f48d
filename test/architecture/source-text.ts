/**
 * The code of a TypeScript file with comments taken out and the content of strings blanked (the quotes stay, and so
 * does what stands in `${…}`), so that a search finds code only. Lines keep their numbers.
 */
export function codeOf(text: string): string {
  let code = ''
  let at = 0
  /** For each open template literal, how many braces are open inside its current `${`. */
  const templates: number[] = []
  const blank = (from: number, to: number): void => {
    code += text.slice(from, to).replace(/[^\n]/g, ' ')
  }
  const readTemplate = (): void => {
    const start = at
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
    blank(start, at)
    if (text[at] === '`') {
      code += '`'
      at++
    } else {
      code += '${'
      at += 2
      templates.push(0)
    }
  }
  while (at < text.length) {
    const character = text[at] ?? ''
    if (text.startsWith('//', at)) {
      const end = indexOr(text.indexOf('\n', at), text.length)
      blank(at, end)
      at = end
    } else if (text.startsWith('/*', at)) {
      const end = indexOr(text.indexOf('*/', at + 2), text.length - 2) + 2
      blank(at, end)
      at = end
    } else if (character === "'" || character === '"') {
      const end = endOfQuoted(text, at + 1, character)
      code += character
      blank(at + 1, end)
      code += character
      at = end + 1
    } else if (character === '/' && beginsExpression(code)) {
      const end = endOfPattern(text, at + 1)
      code += '/'
      blank(at + 1, end)
      code += '/'
      at = end + 1
    } else if (character === '`') {
      code += '`'
      at++
      readTemplate()
    } else {
      const depth = templates.at(-1)
      if (depth !== undefined && character === '{') templates[templates.length - 1] = depth + 1
      code += character
      at++
      if (depth !== undefined && character === '}') {
        if (depth > 0) templates[templates.length - 1] = depth - 1
        else {
          templates.pop()
          readTemplate()
        }
      }
    }
  }
  return code
}

/** One import of a file. */
export interface Import {
  readonly from: string
  /** `type`: gone at run time. `dynamic`: loaded only when the line is reached. */
  readonly how: 'value' | 'type' | 'dynamic'
}

/** Every import and re-export of a TypeScript file. */
export function importsOf(text: string): readonly Import[] {
  const code = codeOf(text)
  const found: Import[] = []
  const take = (pattern: RegExp, how: (match: RegExpExecArray) => Import['how']): void => {
    for (const match of code.matchAll(pattern)) {
      const quote = match.index + match[0].length
      found.push({
        from: text.slice(quote, endOfQuoted(text, quote, text[quote - 1] ?? '')),
        how: how(match),
      })
    }
  }
  take(/^[ \t]*(?:import|export)\b(?!\s*\()[^;'"`=(]*?\bfrom\s*['"]/gm, match =>
    /^\s*(?:import|export)\s+type\b/.test(match[0]) ? 'type' : 'value',
  )
  take(/^[ \t]*import\s*['"]/gm, () => 'value')
  take(/\bimport\(\s*['"]/g, () => 'dynamic')
  take(/\brequire\(\s*['"]/g, () => 'value')
  return found
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return at
}

function endOfPattern(text: string, from: number): number {
  let inClass = false
  let at = from
  while (at < text.length && text[at] !== '\n') {
    const character = text[at]
    if (character === '/' && !inClass) return at
    if (character === '[') inClass = true
    if (character === ']') inClass = false
    at += character === '\\' ? 2 : 1
  }
  return at
}

/** Whether a slash here begins a regular expression rather than divides. */
function beginsExpression(code: string): boolean {
  const before = code.trimEnd()
  return before === '' || /(?:[(,=:[!&|?{};>+*%~^-]|\b(?:return|typeof|case|in|of|do|else))$/.test(before)
}

function indexOr(index: number, otherwise: number): number {
  return index === -1 ? otherwise : index
}
