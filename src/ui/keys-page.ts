import { escapeName } from '../core/escape.ts'
import type { KeysShown } from '../model/keys.ts'
import { columns } from './columns.ts'
import { quoted } from './words.ts'

/** `keys generate`: what was made, and what to write to use it. */
export function generatedPage({
  file,
  recipient,
}: {
  readonly file: string
  readonly recipient: string
}): string {
  return text([
    `recipient   ${escapeName(recipient)}   (public: backups are encrypted to it)`,
    `identity    ${escapeName(file)}   (secret: it opens them)`,
    '',
    'Backups are encrypted from the moment your configuration, ~/.config/safe-compose/config.yaml, says so:',
    '',
    'encrypt:',
    `  recipients: [${escapeName(recipient)}]`,
    `  identityFile: ${escapeName(file)}`,
    '',
    'Where only backups are made, identityFile can be left out and the file kept elsewhere.',
  ])
}

/** `keys show`. */
export function keysPage({ recipients, identity, newest }: KeysShown): string {
  return text(
    columns(
      [
        ['new backups', recipients.length === 0 ? 'are not encrypted' : 'are encrypted to'],
        ...recipients.map(recipient => ['', escapeName(recipient)]),
        ['identity', identityWords(identity, recipients.length > 0)],
        ...(identity?.isOpenToOthers === true
          ? [['', `others can read it: ${quoted(['chmod', '600', identity.file])}`]]
          : []),
        ['newest backup', newestWords(newest)],
      ],
      '   ',
    ),
  )
}

function identityWords(identity: KeysShown['identity'], isEncrypting: boolean): string {
  if (identity === null) return 'none is named on this machine'
  const { file, recipients, opensNew } = identity
  if (typeof recipients === 'string') return escapeName(recipients)
  const what = `${escapeName(file)}, of ${recipients.map(escapeName).join(', ')}`
  if (!isEncrypting) return what
  return `${what}: it ${opensNew ? 'opens' : 'does NOT open'} new backups`
}

function newestWords(newest: KeysShown['newest']): string {
  if (newest === null) return 'there is none'
  const id = escapeName(newest.id)
  if (newest.recipients.length === 0) return `${id} is not encrypted`
  return newest.sealed === null
    ? `${id} can be opened here`
    : `${id} can NOT be opened here: ${escapeName(newest.sealed)}; it is encrypted to ${newest.recipients.map(escapeName).join(', ')}`
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
