import { isDockerProgram } from './docker-programs.ts'

/** A program whose words end in another command line, which it runs. */
export interface Wrapper {
  /** Letters of its options that take a value. */
  readonly letters: string
  /** Long options that take the next word. */
  readonly long: readonly string[]
  /** How many words of its own stand before the command. */
  readonly own: number
  /** Its options may also stand behind those words. */
  readonly again?: boolean
}

const plain: Wrapper = { letters: '', long: [], own: 0 }

/** Those that are given words, and run them as they are. */
export const wrappers = {
  builtin: plain,
  chrt: { letters: 'TPD', long: ['sched-runtime', 'sched-period', 'sched-deadline'], own: 1 },
  command: plain,
  doas: { letters: 'Cu', long: [], own: 0 },
  env: { letters: 'uCS', long: ['unset', 'chdir', 'split-string'], own: 0 },
  exec: { letters: 'a', long: [], own: 0 },
  flock: { letters: 'EwW', long: ['conflict-exit-code', 'timeout', 'wait'], own: 1 },
  gosu: { letters: '', long: [], own: 1 },
  ionice: { letters: 'cnpPu', long: ['class', 'classdata', 'pid'], own: 0 },
  nice: { letters: 'n', long: ['adjustment'], own: 0 },
  nohup: plain,
  npx: { letters: 'p', long: ['package'], own: 0 },
  bunx: plain,
  noglob: plain,
  nocorrect: plain,
  setsid: plain,
  stdbuf: { letters: 'ioe', long: ['input', 'output', 'error'], own: 0 },
  strace: { letters: 'abeEIoOpPsSuUX', long: [], own: 0 },
  'su-exec': { letters: '', long: [], own: 1 },
  sudo: {
    letters: 'CDghpRrtTuUac',
    long: [
      'close-from',
      'chdir',
      'group',
      'host',
      'prompt',
      'chroot',
      'role',
      'type',
      'command-timeout',
      'user',
      'other-user',
    ],
    own: 0,
  },
  taskset: { letters: '', long: [], own: 1 },
  time: { letters: 'fo', long: ['format', 'output'], own: 0 },
  timeout: { letters: 'ks', long: ['kill-after', 'signal'], own: 1 },
  unbuffer: plain,
  winpty: plain,
  xargs: {
    letters: 'adEILnPs',
    long: [
      'arg-file',
      'delimiter',
      'max-args',
      'max-lines',
      'max-procs',
      'max-chars',
      'process-slot-var',
      'replace',
    ],
    own: 0,
  },
} as const satisfies Readonly<Record<string, Wrapper>>

/** Those that put their words together, and give the text to a shell. */
export const textRunners: Readonly<Record<string, Wrapper>> = {
  eval: plain,
  parallel: {
    letters: 'jnNIaSPLX',
    long: ['jobs', 'arg-file', 'max-args', 'sshlogin', 'colsep', 'delay', 'timeout', 'joblog', 'results'],
    own: 0,
  },
  autossh: { letters: 'BbcDEeFIiJLlMmOopPQRSWw', long: [], own: 1, again: true },
  ssh: { letters: 'BbcDEeFIiJLlmOopPQRSWw', long: [], own: 1, again: true },
  trap: plain,
  watch: { letters: 'nq', long: ['interval', 'equexit'], own: 0 },
}

/** Those that take a text for a shell as the value of an option. */
export const textOptions: Readonly<Record<string, readonly string[]>> = {
  flock: ['-c', '--command'],
  git: ['-x', '--exec'],
  gcloud: ['--command'],
  'nix-shell': ['--run', '--command'],
  runuser: ['-c', '--command'],
  script: ['-c', '--command'],
  su: ['-c', '--command', '--session-command'],
  vagrant: ['-c', '--command'],
}

/** Each of their words that has blanks in it is a text for a shell. */
export const textTakers: readonly string[] = [
  'ansible',
  'concurrently',
  'entr',
  'hyperfine',
  'nodemon',
  'pssh',
  'screen',
  'sem',
  'sg',
  'tmux',
  'watchexec',
]

export const shells: readonly string[] = ['ash', 'bash', 'dash', 'fish', 'ksh', 'mksh', 'rbash', 'sh', 'zsh']

/**
 * What they are given is shown, looked for or kept, and not run. Every other program may run another one, whose words
 * stand among its own.
 */
export const showers: readonly string[] = `
  : [ ack ag apropos basename bat cat cheat cp diff echo egrep export expr false fgrep file gh git glab grep hash head
  help info jq less logger ls man mkdir more notify-send printf rg say sed sort stat tail test tldr touch true type wc
  whatis whereis which yq`
  .trim()
  .split(/\s+/)

/** Where the words of a command begin that a program runs which only shows otherwise: `git bisect run docker …`. */
export function commandOfShower(program: string, words: readonly string[]): readonly string[] {
  const [group, verb] = words
  const runs = program === 'git' && ['bisect run', 'submodule foreach'].includes(`${group} ${verb}`)
  return runs ? words.slice(2) : []
}

/** What is looked for among the words of a program that runs others. */
export function isKnownProgram(program: string): boolean {
  return (
    isDockerProgram(program) ||
    shells.includes(program) ||
    isInterpreter(program) ||
    ['env', 'find', 'make', 'mv', 'rm', 'rsync', 'shred', 'ssh', 'sudo', 'truncate', 'xargs'].includes(
      program,
    )
  )
}

/** They run a program that is written in another language than the shell's. */
export function isInterpreter(program: string): boolean {
  return /^(python[\d.]*|node|nodejs|deno|bun|perl|ruby|php|lua|osascript|awk|gawk|mawk|pwsh|powershell|cmd)$/.test(
    program,
  )
}

/** What a table says of a program; null where it has none of that name (`constructor` is one, too). */
export function entryOf<T>(table: Readonly<Record<string, T>>, program: string): T | null {
  return Object.hasOwn(table, program) ? (table[program] ?? null) : null
}

/** Where the words of the wrapped command begin. */
export function afterOptions(words: readonly string[], wrapper: Wrapper): number {
  const behind = Math.min(endOfOptions(words, wrapper, 1) + wrapper.own, words.length)
  return wrapper.again === true ? endOfOptions(words, wrapper, behind) : behind
}

function endOfOptions(words: readonly string[], { letters, long }: Wrapper, from: number): number {
  let index = from
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') {
      index++
      break
    }
    if (!word.startsWith('-') || word === '-') break
    if (word.startsWith('--')) {
      if (long.includes(word.slice(2))) index++
      continue
    }
    const at = Array.from(word.slice(1)).findIndex(letter => letters.includes(letter))
    if (at >= 0 && at === word.length - 2) index++
  }
  return index
}

/**
 * The values of an option in every spelling: `-c x`, `-cx`, `-lc x`, `--command x`, `--command=x`.
 *
 * @param switches letters of options without a value, which may stand before one that has it grown on: `-itvA:/b`
 */
export function optionValues(
  words: readonly string[],
  names: readonly string[],
  switches = '',
): readonly string[] {
  const letter = names.find(name => /^-\w$/.test(name))?.slice(1)
  const grownOn = new RegExp(`^-[${switches}]*${letter}=?([^]+)$`)
  return words.flatMap((word, index) => {
    const next = words[index + 1]
    const long = names.find(name => name.startsWith('--') && word.startsWith(`${name}=`))
    if (long !== undefined) return [word.slice(long.length + 1)]
    if (names.includes(word)) return next === undefined ? [] : [next]
    if (letter === undefined) return []
    const value = grownOn.exec(word)?.[1]
    if (value !== undefined) return [value]
    const isCluster = /^-\w+$/.test(word) && word.endsWith(letter)
    return isCluster && next !== undefined ? [next] : []
  })
}
