import type { LogForm } from './log-form.ts'

/** GitHub Actions: a line that begins with `::` is a command to the runner. */
export const githubLog: LogForm = {
  open: title => `::group::${data(title)}`,
  close: () => '::endgroup::',
  plain: line => line.replace(/^(\s*):(?=:)/, String.raw`$1\x3a`).replaceAll('##[', String.raw`##\x5b`),
  annotation: (level, lines) => `::${level} title=safe-compose::${data(lines.join('\n'))}`,
}

/** The runner puts back what would end the command. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
