import { isOwnWord, ownWords } from './own-words.ts'
import type { OwnWord } from './own-words.ts'

/** How each of our own commands is typed, a form each, without `safe-compose`. */
export const ownUsage: Readonly<Record<OwnWord, readonly string[]>> = {
  backup: ['backup [--tag T] [--pause | --stop] [--no-dump] [SERVICE|VOLUME…]'],
  backups: ['backups [--all] [--json]', 'backups --gate 24h [--verified 30d] [--json]'],
  show: ['show [--json] ID'],
  restore: [
    'restore [ID | --tag T] [--volume V] [--to V2]',
    'restore --from FILE --volume V',
    'restore [ID] --dump [--database D] [--into NEW] [--drop-old]',
  ],
  dump: ['dump [ID] [--database D] [--to FILE]'],
  verify: ['verify [ID… | --latest | --all] [--level read|boot] [--timeout 5m] [--json]'],
  prune: ['prune [--dry-run | --now] [--all] [--json]'],
  undo: ['undo [ID] [--list [--json]]'],
  recover: ['recover [--json]', 'recover --repair SERVICE [--apply] [--json]'],
  plan: ['plan [--json] [--exit-code] [COMMAND …]'],
  doctor: ['doctor [--json] [--fix [--yes]]'],
  health: ['health [--json] [SERVICE…]'],
  metrics: ['metrics [--all] [--textfile FILE]'],
  notify: ['notify [--test [--channel N]] [--json]'],
  report: ['report [--all] [--html FILE | --json]'],
  schedule: [
    'schedule install [--every 6h | --cron C] [--verify R] [--full R] [--user | --system] [--print]',
    'schedule status [--json]',
    'schedule remove',
    'schedule run [--job J] [--if-due]',
    'schedule serve [--every 6h | --cron C] [--verify R] [--full R]',
  ],
  approve: ['approve CODE'],
  explain: ['explain [RULE|FINDING-ID] [--json]'],
  settings: ['settings [--json]'],
  trust: ['trust [DIR] [--list | --remove]'],
  pin: ['pin [--external] [--yes] [VOLUME…]', 'pin --check [VOLUME…]'],
  adopt: ['adopt VOLUME [--as KEY] [--copy] [--yes]'],
  copy: ['copy (ID… | --all) --to (DIR | restic:…)'],
  keys: ['keys generate [FILE]', 'keys show [--json]'],
  lint: ['lint [--format F] [FILE…]'],
  hook: ['hook [--agent NAME]'],
  about: ['about [--json]'],
  install: [
    'install [status [--json]]',
    'install plugin [--system]',
    'install alias [--shell S] [--docker]',
    'install path [DIR]',
    'install agent NAME [--project]',
  ],
  uninstall: ['uninstall [plugin|alias|path|all]', 'uninstall agent [NAME]'],
  completion: ['completion bash|zsh|fish'],
  compose: ['compose COMMAND …'],
  help: ['help [COMMAND]'],
}

const json = { '--json': 'for programs' } as const

const times = {
  '--every': 'how often a backup is taken: 6h, 1d',
  '--cron': 'when, in the words of cron: "30 4 * * *"',
  '--verify': 'how often the newest is started on copies: daily, weekly, monthly (the default), off',
  '--full': 'how often every project is backed up and read back to the end: weekly, off (the default)',
} as const

/** What each option of a command says, in the order of its forms. */
export const ownOptions: Readonly<Partial<Record<OwnWord, Readonly<Record<string, string>>>>> = {
  backup: {
    '--tag': 'a name for it; a tagged restore point is never removed by itself',
    '--pause': 'pause what writes for the whole copy, however long it takes',
    '--stop': 'stop it for a cold copy, and start it again',
    '--no-dump': 'only the files: databases are not dumped as well',
  },
  backups: {
    '--all': 'of every project',
    ...json,
    '--gate': 'end with 1 where the newest good one is older than this',
    '--verified': 'or where none was verified within this',
  },
  show: json,
  restore: {
    '--tag': 'the newest with this tag',
    '--volume': 'only this volume',
    '--to': 'into another volume; what it is restored from stays as it is',
    '--from': 'an archive of somebody else: .tar, .tar.gz, .tar.zst',
    '--dump': 'what its own clients wrote down, into the server that runs',
    '--database': 'only this database',
    '--into': 'into a new database of this name; nothing is replaced',
    '--drop-old': 'the database that is replaced goes at once; otherwise it stays under another name',
  },
  dump: {
    '--database': 'which one, where there are several: D, or SERVICE:D',
    '--to': 'into a new file; otherwise to standard output',
  },
  verify: {
    '--latest': 'the newest good one, as without a word',
    '--all': 'every restore point of the project',
    '--level': 'read every file to its end, or boot: start the databases on copies as well',
    '--timeout': 'how long a server may take to come up: 5m',
    ...json,
  },
  prune: {
    '--dry-run': 'say what would be removed, and why; change nothing',
    '--now': 'remove at once, without marking first',
    '--all': 'in every project',
    ...json,
  },
  undo: { '--list': 'what can be taken back', ...json },
  recover: {
    ...json,
    '--repair': "a service's database: its own gentle repair, tried on a copy",
    '--apply': 'to the volume itself as well, if the copy is well; it is saved before',
  },
  plan: {
    ...json,
    '--exit-code': 'end with 2 where there is something to do, and with 1 where Compose would fail',
  },
  doctor: {
    ...json,
    '--fix': 'mend what can be mended without danger, each asked',
    '--yes': 'without asking',
  },
  health: json,
  metrics: { '--all': 'of every project', '--textfile': 'into a file for the node exporter, atomically' },
  notify: { '--test': 'send a test', '--channel': 'to this one only, by its number', ...json },
  report: { '--all': 'of every project', '--html': 'one page to be sent; - is standard output', ...json },
  schedule: {
    ...times,
    '--user': 'by your own systemd',
    '--system': "by the machine's systemd",
    '--print': 'only show what would be placed',
    ...json,
    '--job': 'only this one: backup, verify, full',
    '--if-due': 'only where its time has come',
  },
  explain: json,
  settings: json,
  trust: { '--list': 'who is trusted', '--remove': 'trust it no longer' },
  pin: {
    '--external': 'and `external: true`, so that down -v leaves them alone',
    '--yes': 'without asking',
    '--check': 'write nothing; end with 1 where a volume has no name in the file',
  },
  adopt: {
    '--as': 'as this key of `volumes:`, where it cannot be told',
    '--copy': 'the file stays as it is: the content goes into the volume that it means',
    '--yes': 'without asking',
  },
  copy: { '--all': 'all of the project', '--to': 'a folder, or a restic repository' },
  keys: json,
  lint: { '--format': 'text, json, sarif, github' },
  hook: { '--agent': 'whose hook it is; otherwise seen by what it says' },
  about: json,
  install: {
    ...json,
    '--system': 'for every user of this machine',
    '--shell': 'bash, zsh or fish; otherwise yours',
    '--docker': 'docker itself as well',
    '--project': "in this project's settings of the agent, not in yours",
  },
}

/** The forms of a command, or of one of its own words: `schedule install`. All of it where nothing is called so. */
export function formsOf(command: string): readonly string[] {
  const [word = ''] = command.split(' ')
  const forms = Object.hasOwn(ownWords, word) ? ownUsage[word as OwnWord] : []
  const own = forms.filter(form => form === command || form.startsWith(`${command} `))
  return own.length > 0 ? own : forms
}

/** Whose help is asked for: a command's (`backup --help`, `help backup`), or `help` for all; null where none is. */
export function helpAsked(word: OwnWord, words: readonly string[]): OwnWord | null {
  const [first = ''] = words
  if (word === 'help') return isOwnWord(first) ? first : 'help'
  // What follows the first word of a line of Compose's is Compose's.
  const end = words.findIndex(each => each === '--' || (word === 'plan' && !each.startsWith('-')))
  const own = end < 0 ? words : words.slice(0, end)
  return own.some(each => each === '--help' || each === '-h') ? word : null
}
