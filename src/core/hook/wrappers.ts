import { isDockerProgram } from './docker-programs.ts'

/** A program whose words end in another command line, which it runs. */
export interface Wrapper {
  /** Letters of its options that take a value. */
  readonly letters: string
  /** Long options that take the next word. */
  readonly long: readonly string[]
  /** How many words of its own stand before the command. */
  readonly own: number
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
  ssh: { letters: 'BbcDEeFIiJLlmOopPQRSWw', long: [], own: 1 },
  trap: plain,
  watch: { letters: 'nq', long: ['interval', 'equexit'], own: 0 },
}

/** Those that take a text for a shell as the value of an option. */
export const textOptions: Readonly<Record<string, readonly string[]>> = {
  flock: ['-c', '--command'],
  gcloud: ['--command'],
  'nix-shell': ['--run', '--command'],
  runuser: ['-c', '--command'],
  script: ['-c', '--command'],
  su: ['-c', '--command', '--session-command'],
  vagrant: ['-c', '--command'],
}

/** Each of their words that has blanks in it is a text for a shell. */
export const textTakers: readonly string[] = [
  'concurrently',
  'hyperfine',
  'nodemon',
  'screen',
  'tmux',
  'watchexec',
]

export const shells: readonly string[] = ['ash', 'bash', 'dash', 'fish', 'ksh', 'mksh', 'rbash', 'sh', 'zsh']

/** They run another program with more of their own words before it than are listed here. */
export const runners: readonly string[] = [
  'aws-vault',
  'busybox',
  'caffeinate',
  'chpst',
  'chroot',
  'colima',
  'devbox',
  'direnv',
  'doppler',
  'dotenv',
  'dotenvx',
  'fakeroot',
  'firejail',
  'infisical',
  'kubectl',
  'lima',
  'mise',
  'multipass',
  'nix',
  'nsenter',
  'numactl',
  'op',
  'orb',
  'pdm',
  'npm',
  'pipenv',
  'pnpm',
  'poetry',
  'proxychains',
  'proxychains4',
  'sshpass',
  'systemd-inhibit',
  'systemd-run',
  'toolbox',
  'unshare',
  'uv',
  'yarn',
  'wsl',
  'distrobox',
]

/** What is looked for among the words of a program that runs others. */
export function isKnownProgram(program: string): boolean {
  return (
    isDockerProgram(program) ||
    shells.includes(program) ||
    ['rm', 'env', 'sudo', 'ssh', 'xargs', 'find'].includes(program)
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
export function afterOptions(words: readonly string[], { letters, long, own }: Wrapper): number {
  let index = 1
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
  return Math.min(index + own, words.length)
}

/** The values of an option in every spelling: `-c x`, `-cx`, `-lc x`, `--command x`, `--command=x`. */
export function optionValues(words: readonly string[], names: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1]
    const long = names.find(name => name.startsWith('--') && word.startsWith(`${name}=`))
    if (long !== undefined) return [word.slice(long.length + 1)]
    if (names.includes(word)) return next === undefined ? [] : [next]
    const letter = names.find(name => /^-\w$/.test(name))?.slice(1)
    const isCluster = letter !== undefined && /^-\w+$/.test(word) && word.endsWith(letter)
    return isCluster && next !== undefined ? [next] : []
  })
}
