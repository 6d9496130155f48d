import type { Rule } from '../../model/finding.ts'
import { otherCommand } from '../command-line.ts'
import { escapeName } from '../escape.ts'
import { flagText } from '../invocation.ts'

/**
 * `bridge convert` deletes its output directory with everything in it before it does anything else.
 *
 * Lost: whatever the directory held (`./out` unless `--output` names another), also when the conversion then fails,
 * and also with `--dry-run`. Nothing on the engine is touched. A link goes itself and leaves what it leads to; `.`
 * cannot be deleted.
 */
export const bridgeConvert: Rule = {
  id: 'bridge-convert',
  title: 'bridge convert deletes its output directory first',
  about:
    'Deletes the output directory (./out unless --output names another) with everything in it, before anything else, ' +
    'also when the conversion then fails and also with --dry-run. From 2.37 on.',
  leadsTo: ['destroyed'],
  versions: 'from 2.37',
  instead: 'bridge convert -o NEW_DIRECTORY',
  citations: ['docker/compose, cmd/compose/bridge.go and pkg/bridge/convert.go'],
  check: (_facts, invocation, circumstances) => {
    if (invocation.command.join(' ') !== 'bridge convert') return []
    const typed = flagText(invocation, 'output') ?? 'out'
    const directory = circumstances.directories[typed]
    if (directory?.state === 'missing' || directory?.state === 'empty' || /(^|\/)\.$/.test(typed)) return []
    const name = escapeName(typed)
    return [
      {
        rule: 'bridge-convert',
        outcome: 'destroyed',
        holding: {
          kind: 'directory',
          path: directory?.path ?? typed,
          version: directory?.version ?? '',
        },
        because: `bridge convert deletes the directory ${name} with everything in it`,
        evidence: [directory?.state === 'filled' ? `${name} is not empty` : `${name} could not be looked at`],
        usedBy: [],
        instead: otherCommand(invocation, [
          'bridge',
          'convert',
          '--output',
          `${typed.replace(/\/+$/, '')}-new`,
        ]),
        canBackUp: true,
      },
    ]
  },
}
