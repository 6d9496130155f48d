import type { Rule } from '../../model/finding.ts'
import { removedAnonymousFindings } from '../anonymous-finding.ts'
import { commandLine } from '../command-line.ts'
import { isOn } from '../invocation.ts'
import { keepTheData } from '../keep-the-data.ts'
import { commandOf } from '../reach.ts'
import { findRemovals } from '../removal.ts'

/**
 * `--remove-orphans`, or COMPOSE_REMOVE_ORPHANS in the shell or in `.env`, removes the containers of services that
 * the files at hand do not know: those of another file, another branch, another worktree of the same project name.
 *
 * Their anonymous volumes stay behind without a name, their writable layer is lost. Named volumes stay.
 */
export const removeOrphans: Rule = {
  id: 'remove-orphans',
  title: '--remove-orphans removes containers of services that this file does not know',
  about:
    'Removes the containers of every service that the files at hand do not know, and from 2.29 on what `run` left ' +
    'behind. Anonymous volumes stay behind without a name; the writable layer is lost; named volumes stay. ' +
    'COMPOSE_REMOVE_ORPHANS does the same without a flag.',
  leadsTo: ['orphaned'],
  versions: 'all; from 2.29 also from .env',
  instead: 'down or up without --remove-orphans',
  citations: [
    'docker/compose#3573',
    'docker/compose#12288',
    'docker/compose#12314',
    'docker/compose#11486',
    'taikoxyz/taiko-mono#14475',
  ],
  check: (facts, invocation, circumstances) => {
    const kept = keepTheData(invocation)
    const removals = findRemovals(facts, invocation, circumstances).filter(removal => removal.by === 'orphan')
    const cause = isOn(invocation, 'remove-orphans') ? '--remove-orphans' : 'with COMPOSE_REMOVE_ORPHANS,'
    return removedAnonymousFindings(
      'remove-orphans',
      removals,
      { facts, invocation, circumstances },
      {
        by: () => `${commandOf(invocation)} ${cause}`,
        instead: kept === null ? null : commandLine(invocation, kept),
      },
    )
  },
}
