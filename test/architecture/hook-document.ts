import { spellings } from '../unit/hook/corpus.ts'
import type { Measured } from '../unit/hook/measure.ts'

export const hookDocumentFile = 'src/core/hook/README.md'

/** The page of `hook`: what it does with a line, and how it compares with what people have. */
export function hookDocument(measured: readonly Measured[]): string {
  const [dangerous, harmless] = [spellings('dangerous').length, spellings('harmless').length]
  return `
# How a coding agent's shell line is judged

<!-- Made from the code by npm run generate -->

1. The line is read as bash reads it ([read-shell.ts](../../adapters/shell/read-shell.ts)): pipes, \`&&\`, subshells, loops,
   substitutions, quotes, here-documents. Text in arguments (commit messages, \`echo\`, patterns of \`grep\`) is no command.
2. The commands in it are found ([find-commands.ts](find-commands.ts)), also those in others: \`sudo\`, \`env\`, \`sh -c\`,
   \`xargs\`, \`find -exec\`, \`ssh\`, \`docker exec\`, a pipe into a shell, and behind every program that is not known to
   show its words only. Variables, arrays, aliases, functions, scripts and Makefiles of the same line are followed. A line
   that means more work than a person would write is stopped where it speaks of docker.
3. Each docker and Compose command is read by the grammar of the guard ([judge.ts](judge.ts)), podman's and nerdctl's by
   the same. What deletes volumes is refused; where only a run can tell (a variable, a changed volume with \`up -y\`), the
   person is asked, or it is refused where the agent cannot ask. \`stop\`, plain \`down\`, \`up -d\`, \`rm -f\` go through.
4. What goes through \`safe-compose\` or \`safe-docker\` is left to them, unless the line takes them out of the way
   (\`SAFE_COMPOSE=off\`, \`--safe-yes\`, \`env -u CLAUDECODE\`) or gives itself an approval.

It is a hint at the right time, no lock: what is in scripts, Makefiles and programs that the line does not write itself is not seen here. There
the guard itself stands, when \`docker\` leads to it.

## Misses and false alarms

${dangerous} spellings that destroy data, and ${harmless} that do not, all of our own making and each of them a test:
[dangerous.txt](../../../test/unit/hook/dangerous.txt), [harmless.txt](../../../test/unit/hook/harmless.txt). The hook grew with most of them, so
what it does with them tells little of other lines. Twice lines were written that it had not seen, and counted when they
were first tried, before it was mended: of 146 dangerous and 175 harmless ones it let 12 through and stopped none wrongly;
of 60 and 60 later ones, written by one who had read a part of the code, it let 6 through and stopped none wrongly, so
that 114 of 120 were right.

The other guards are made in the manner of
those in use ([other-guards.ts](../../../test/unit/hook/other-guards.ts)).

| guard | dangerous, let through | harmless, stopped |
| --- | --- | --- |
${measured
  .map(
    ({ name, missed, stopped }) =>
      `| ${escaped(name)} | ${missed.length} of ${dangerous} | ${stopped.length} of ${harmless} |`,
  )
  .join('\n')}
`.trimStart()
}

/** A bar would end the cell. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
