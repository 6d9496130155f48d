/** Whether colours are wanted: NO_COLOR, then FORCE_COLOR, then whether it is a terminal that knows them. */
export function wantsColor(
  variables: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if ((variables['NO_COLOR'] ?? '') !== '') return false
  const forced = variables['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTerminal && variables['TERM'] !== 'dumb'
}

/** Gives a line its colours. They say nothing that the words do not. */
export type Paint = (line: string) => string

/** The library is loaded only where there are colours. */
export async function openPaint(color: boolean): Promise<Paint> {
  if (!color) return line => line
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return line => {
    const match = /^(safe-compose: )(warning: |refused: |NOT run: )?(.*)$/s.exec(line)
    if (match === null) return line
    const [, who = '', what = '', rest = ''] = match
    const marked = what === 'warning: ' ? chalk.yellow(what) : what === '' ? '' : chalk.red.bold(what)
    return `${chalk.cyan(who)}${marked}${what === '' && !/^ {2}/.test(rest) ? chalk.bold(rest) : rest}`
  }
}
