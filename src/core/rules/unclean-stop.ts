import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { otherCommand } from '../command-line.ts'
import { databaseServer } from '../database-server.ts'
import type { DatabaseMaker } from '../database-server.ts'
import { escapeName } from '../escape.ts'
import { formatDuration } from '../format.ts'
import { flagText, isDryRun } from '../invocation.ts'
import { commandOf, namedServices, projectContainers, reachedServices } from '../reach.ts'
import { findRecreations } from '../recreation.ts'
import { findRemovals } from '../removal.ts'
import { imageOfContainer, imageOfService, mountedData, servedData } from '../served-data.ts'

/**
 * A database is killed, or given less time to stop than it may need.
 *
 * Redis keeps its writes in memory and saves them when it is stopped: with its default rules a kill loses up to an
 * hour of them. The others recover from their log at the next start, which takes its time. A stop with Docker's ten
 * seconds or more is clean for all that are done by then.
 */
export const uncleanStop: Rule = {
  id: 'unclean-stop',
  title: 'a database is killed instead of stopped',
  about:
    'kill, -t 0, a short stop_grace_period and a stop_signal that the server does not take for one end a database in ' +
    'the middle of its work. Redis loses what it has not saved yet, up to an hour of writes with its default rules; ' +
    'the others recover from their log. What is on disk stays.',
  versions: 'all',
  instead: 'stop (with -t 60 where ten seconds are too short)',
  leadsTo: ['warning'],
  citations: [
    'docker-library/postgres#184',
    'docker-library/postgres#544',
    'docker-library/postgres#1207',
    'kobotoolbox/kobo-docker#146',
    'bitwarden/server#2614',
  ],
  check: (facts, invocation, circumstances) =>
    isDryRun(invocation)
      ? []
      : [...stopFindings(facts, invocation, circumstances), ...fileFindings(facts, invocation)],
}

/** Milliseconds: what Docker gives where nothing is said, and what is taken for enough. */
const enough = 10_000

// ---- What the command does to containers that run ------------------------------------------------------------------

function stopFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  return stoppedContainers(facts, invocation, circumstances)
    .filter(({ state }) => state === 'running' || state === 'paused' || state === 'restarting')
    .flatMap(container => {
      const maker = databaseServer(container.image, imageOfContainer(facts, container))?.maker ?? null
      const how = howItEnds(invocation, container, maker)
      return how === null ? [] : stopFindingsFor(facts, invocation, container, maker, how)
    })
}

function stoppedContainers(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly ContainerFact[] {
  const named = namedServices(invocation)
  switch (commandOf(invocation)) {
    case 'kill':
    case 'stop':
    case 'restart':
      return projectContainers(facts).filter(
        ({ service, oneOff }) => !oneOff && (named.length === 0 || named.includes(service ?? '')),
      )
    default:
      return [
        ...findRemovals(facts, invocation, circumstances).map(({ container }) => container),
        ...findRecreations(facts, invocation).map(({ container }) => container),
      ]
  }
}

/** In words; null where it is given its time. */
function howItEnds(
  invocation: Invocation,
  container: ContainerFact,
  maker: DatabaseMaker | null,
): string | null {
  if (commandOf(invocation) === 'kill') {
    const signal = signalOf(flagText(invocation, 'signal') ?? 'KILL')
    return killing(maker).has(signal) ? `kill${signal === 'KILL' ? '' : ` -s ${signal}`}` : null
  }
  const typed = flagText(invocation, 'timeout')
  if (typed !== null) {
    const seconds = Number(typed)
    // -1 waits without end.
    return seconds >= 0 && seconds * 1000 < enough ? `${commandOf(invocation)} -t ${seconds}` : null
  }
  const given = container.details?.stopTimeout ?? null
  return given === null || given < 0 || given >= enough
    ? null
    : `${commandOf(invocation)}, with a stop_grace_period of ${formatDuration(given)},`
}

function stopFindingsFor(
  facts: Facts,
  invocation: Invocation,
  container: ContainerFact,
  maker: DatabaseMaker | null,
  how: string,
): readonly Finding[] {
  const name = escapeName(container.service ?? container.name)
  return mountedData(facts, container).map(({ holding }) => {
    const place = escapeName(nameOfHolding(holding))
    const isCertain = how.startsWith('kill') || how.endsWith(' -t 0')
    const end = isCertain
      ? `${how} ends ${name} without a clean stop`
      : `${how} may end ${name} before it is done`
    return {
      rule: 'unclean-stop',
      outcome: 'corrupted',
      holding,
      because: `${end}: ${whatIsLost(container, maker, place)}`,
      evidence: [`container ${escapeName(container.name)} of ${container.createdAt} runs on ${place}`],
      usedBy: [name],
      instead: saferCommand(invocation, container),
      canBackUp: true,
      warning: true,
    }
  })
}

function whatIsLost({ details }: ContainerFact, maker: DatabaseMaker | null, place: string): string {
  const isMemory = maker === 'Redis' || maker === 'Valkey'
  const logs = details?.settings['--appendonly'] === 'yes'
  if (isMemory && !logs)
    return `${maker} loses what it has not yet saved to ${place}, with its default rules up to an hour of writes`
  return `${maker ?? 'it'} has to recover ${place} at the next start, and may lose what was written last`
}

/** The same with the time that a stop needs; `kill` becomes `stop`. Only what stops, never what deletes as well. */
function saferCommand(invocation: Invocation, container: ContainerFact): string | null {
  const command = commandOf(invocation)
  if (command === 'kill')
    return otherCommand(invocation, ['stop', ...(container.service === null ? [] : [container.service])])
  const words = command === 'up' ? ['up', '-d'] : command === 'scale' ? null : [command]
  return words === null ? null : otherCommand(invocation, [...words, '-t', '60', ...invocation.args])
}

// ---- What the file says --------------------------------------------------------------------------------------------

function fileFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  const command = commandOf(invocation)
  if (command !== 'up' && command !== 'create') return []
  return reachedServices(facts, invocation).flatMap(({ service }) => {
    const data = servedData(facts, service, null)[0]
    if (data === undefined) return []
    const name = escapeName(service.name)
    const maker = databaseServer(service.image, imageOfService(facts, service))?.maker ?? null
    const grace = service.stopGracePeriod
    const signal = service.stopSignal === null ? null : signalOf(service.stopSignal)
    const isShort = grace !== null && grace < enough
    const isWrong = signal !== null && maker !== null && stopping[maker]?.has(signal) === false
    if (!isShort && !isWrong) return []
    return [
      {
        rule: 'unclean-stop',
        outcome: 'corrupted',
        holding: data.holding,
        because: isShort
          ? `${name} is given ${formatDuration(grace)} to stop, then it is killed: a database may need longer`
          : `${name} is to stop on SIG${signal}, which ${maker} does not take for a clean stop`,
        evidence: [
          isShort
            ? `stop_grace_period of ${name}: ${formatDuration(grace)}`
            : `stop_signal of ${name}: SIG${signal}`,
        ],
        usedBy: [name],
        instead: isShort
          ? `stop_grace_period: 60s for ${name}`
          : `no stop_signal for ${name}: its image has the right one`,
        canBackUp: true,
        warning: true,
      },
    ]
  })
}

// ---- Signals -------------------------------------------------------------------------------------------------------

const numbers: Readonly<Record<string, string>> = {
  '1': 'HUP',
  '2': 'INT',
  '3': 'QUIT',
  '6': 'ABRT',
  '9': 'KILL',
  '15': 'TERM',
}

/** `SIGKILL`, `kill`, `9`: `KILL`. */
function signalOf(text: string): string {
  const name = text.trim().toUpperCase().replace(/^SIG/, '')
  return numbers[name] ?? name
}

/** Signals that end a server in the middle of its work. */
function killing(maker: DatabaseMaker | null): ReadonlySet<string> {
  const quits = maker === 'PostgreSQL' || maker === 'Redis' || maker === 'Valkey'
  return new Set(['KILL', 'ABRT', ...(quits ? ['QUIT'] : [])])
}

/** Signals on which a server stops cleanly and soon: on TERM PostgreSQL waits until the last client is gone. */
const stopping: Partial<Readonly<Record<DatabaseMaker, ReadonlySet<string>>>> = {
  PostgreSQL: new Set(['INT']),
  MySQL: new Set(['TERM', 'QUIT']),
  MariaDB: new Set(['TERM', 'QUIT']),
  Redis: new Set(['TERM', 'INT']),
  Valkey: new Set(['TERM', 'INT']),
  MongoDB: new Set(['TERM', 'INT']),
}
