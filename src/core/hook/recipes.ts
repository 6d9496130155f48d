/** What `make` and `just` run, as far as the line says what is in their file. */

/** The files that they read where none is named. */
export const makers: Readonly<Record<string, readonly string[]>> = {
  gmake: ['GNUmakefile', 'makefile', 'Makefile'],
  just: ['justfile', 'Justfile', '.justfile'],
  make: ['GNUmakefile', 'makefile', 'Makefile'],
}

interface Rule {
  readonly needs: readonly string[]
  readonly recipe: string[]
}

/** A shell text of all that is run for the targets and for what they need; without targets, for the first rule. */
export function recipesFor(text: string, targets: readonly string[]): string {
  const { rules, variables } = readRules(text)
  const first = [...rules.keys()].find(target => !target.startsWith('.'))
  const named = targets.filter(target => rules.has(target))
  const wanted = new Set(named.length > 0 || first === undefined ? named : [first])
  for (const target of wanted) for (const need of rules.get(target)?.needs ?? []) wanted.add(need)
  return [...variables, ...[...wanted].flatMap(target => rules.get(target)?.recipe ?? [])].join('\n')
}

function readRules(text: string): { rules: Map<string, Rule>; variables: readonly string[] } {
  const rules = new Map<string, Rule>()
  const variables: string[] = []
  let current: Rule | null = null
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (/^\s/.test(line)) {
      current?.recipe.push(asShell(line))
      continue
    }
    const [, name, value] = /^(?:export )?(\w+)\s*[:?+]*=\s*(.*)$/.exec(line) ?? []
    if (name !== undefined) variables.push(`${name}='${asShell(value ?? '').replaceAll("'", '')}'`)
    const [, left = '', right = '', inline] =
      /^([^\s#:=][^#:=]*):{1,2}(?!=)([^;]*)(?:;(.*))?$/.exec(line) ?? []
    const [target, ...others] = left.split(/\s+/).filter(word => word !== '')
    if (name !== undefined || target === undefined) continue
    current = { needs: right.split(/\s+/), recipe: inline === undefined ? [] : [asShell(inline)] }
    for (const each of [target, ...others]) rules.set(each, current)
  }
  return { rules, variables }
}

/** `@docker`, `-docker`: make's own signs; `$(DC)` is a variable there, and `$$` a dollar of the shell. */
function asShell(line: string): string {
  return line
    .replace(/^[\s@+-]+/, '')
    .replaceAll(/\$\((\w+)\)/g, '${$1}')
    .replaceAll('$$', '$')
}
