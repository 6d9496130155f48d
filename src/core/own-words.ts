/** Our own commands, which stand where Compose's would. Compose has none of these words. */
export const ownWords = {
  backup: 'take a restore point of the project now',
  backups: 'list the restore points',
  show: 'everything that one restore point holds',
  restore: 'put data back from a restore point or an archive',
  dump: 'a database of a restore point as a file that other programs read',
  verify: 'prove a restore point: start its databases on copies and count',
  prune: 'remove the restore points that need not be kept any longer',
  undo: 'take back the last command that destroyed data',
  recover: 'what is wrong with the data, and the way out; guided at a terminal',
  plan: 'what Compose would do, and what it means for the data',
  doctor: 'a checklist of the project and this machine, with what mends it',
  health: 'how the databases are, for people and for monitoring',
  metrics: 'how the restore points are, for Prometheus',
  notify: 'who is told of failures; --test sends a test',
  report: 'how well the data is protected, on one page that can be sent',
  schedule: 'backups by themselves: placed, how they went, taken back',
  approve: 'let one refused command of a coding agent through, once',
  explain: 'what a rule is about, or what was found; all rules without a word',
  settings: 'what is in force, and where each value came from',
  trust: "let this project's configuration count like your own",
  pin: 'write the names of the volumes into the Compose file',
  adopt: 'give a service back the volume that holds its data',
  copy: 'copy restore points to another place, each file checked',
  keys: 'the keys of encrypted backups: make one, or see what opens them',
  lint: 'find what endangers data in Compose files, without an engine',
  hook: "judge a coding agent's shell line: its hook calls this",
  about: 'versions, what is bundled, and which Compose and docker are found',
  install: 'guard what is typed as docker compose and docker-compose, too',
  uninstall: 'take back exactly what install has placed',
  completion: 'a script that lets a shell complete all of this',
  compose: 'hand the rest on to Compose, whatever the word',
  help: 'what safe-compose adds to Compose',
} as const

export type OwnWord = keyof typeof ownWords

/** In the order in which they are shown. */
export const allOwnWords = Object.keys(ownWords) as readonly OwnWord[]

export function isOwnWord(word: string): word is OwnWord {
  return Object.hasOwn(ownWords, word)
}
