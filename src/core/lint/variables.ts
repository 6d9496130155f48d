/** A text in which every variable that has a value of its own is replaced. */
export interface Substituted {
  readonly text: string
  /** Variables that are empty where nobody sets them. */
  readonly open: readonly string[]
}

/**
 * What a text is where no variable is set: `${TAG:-15}` is `15`, `${TAG}` and `$TAG` are open. `${TAG:?…}` is not: Compose
 * stops where it is missing. `$$` is a dollar.
 */
export function substitute(text: string): Substituted {
  const open: string[] = []
  const replaced = text.replace(
    /\$\$|\$\{([A-Za-z_]\w*)(?::?([-?+])((?:[^{}]|\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)/g,
    (
      whole,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
      bare: string | undefined,
    ) => {
      if (whole === '$$') return '$'
      if (operator === '-') {
        const inner = substitute(word ?? '')
        open.push(...inner.open)
        return inner.text
      }
      if (operator === undefined) open.push(braced ?? bare ?? '')
      return ''
    },
  )
  return { text: replaced, open }
}

/** Whether the text depends on a variable in any way. */
export function hasVariable(text: string): boolean {
  return /(?<!\$)(?:\$\$)*\$(?:\{|[A-Za-z_])/.test(text)
}
