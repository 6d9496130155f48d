import { accessSync, constants, fstatSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { isatty } from 'node:tty'
import { openApprovals } from './adapters/state/approvals.ts'
import { openCompose } from './adapters/compose/compose.ts'
import { findCompose } from './adapters/compose/find.ts'
import type { FoundCompose } from './adapters/compose/find.ts'
import { locateOurselves } from './adapters/compose/ourselves.ts'
import { endLike, passThrough } from './adapters/compose/pass-through.ts'
import { cacheFolderOf, composeVersion } from './adapters/compose/version.ts'
import { findConfiguration } from './adapters/configuration/find-configuration.ts'
import { openProjectMemory } from './adapters/state/project-memory.ts'
import { readOrMakeKey } from './adapters/state/secret-key.ts'
import { findEndpoint } from './adapters/docker/connect.ts'
import { openEngine } from './adapters/docker/engine.ts'
import { openGuardian } from './adapters/docker/guardian.ts'
import { directoryState, readText } from './adapters/host/files.ts'
import { openHost } from './adapters/host/host.ts'
import { watchInterruption } from './adapters/host/interruption.ts'
import { openDirectoryStore } from './adapters/stores/directory.ts'
import { openForeignArchive } from './adapters/stores/foreign-archive.ts'
import type { Context } from './commands/context.ts'
import { guard } from './commands/guard.ts'
import { runOwnCommand } from './commands/own-command.ts'
import { audienceOf } from './core/audience.ts'
import { effectOf, readInvocation } from './core/invocation.ts'
import { aroundCommand, holdBack, isSwitchedOff, readSafeOptions } from './core/options.ts'
import type { ReadOptions } from './core/options.ts'
import { isOwnWord } from './core/own-words.ts'
import { policyFrom } from './core/policy.ts'
import { locateProject } from './core/project.ts'
import { ruleIds } from './core/rules/index.ts'
import { storeRoot, systemRoot } from './core/store-root.ts'
import type { Audience, Policy } from './model/decision.ts'
import type { Reporter } from './model/event.ts'
import { exitCodeOf, Stop } from './model/failure.ts'
import type { Invocation } from './model/invocation.ts'
import type { ChildEnd, Engine, Host, Store } from './model/ports.ts'
import { wantsColor } from './ui/color.ts'
import { helpText } from './ui/help.ts'
import { jsonReporter } from './ui/json.ts'
import { openPrompt } from './ui/prompt.ts'
import { openTables } from './ui/tables.ts'
import { openTerminalInput } from './ui/terminal-input.ts'
import { textReporter } from './ui/text.ts'

declare const __VERSION__: string

/** What only the very beginning of the process can tell. */
export interface Start {
  /** The file that was started. */
  readonly script: string
  /** Inherited descriptors above 2. */
  readonly descriptors: readonly number[]
  /** Called by the docker CLI as its plugin: the words are a whole docker command line. */
  readonly asPlugin: boolean
}

/** Everything but the fast path: guarded commands and our own. The only place that reaches for `process`. */
export async function main(start: Start): Promise<void> {
  const variables = definedVariables()
  const audience = audienceOf(variables, { stdin: isatty(0), stderr: isatty(2) })
  // A terminal that was closed takes no more words.
  process.stderr.on('error', () => {})
  process.stdout.on('error', () => {})
  let speaker: Speaker = {
    reporter: await openReporter(variables, false, false),
    kind: 'guarded',
    command: [],
  }
  try {
    const read = readSafeOptions(process.argv.slice(2), variables)
    const held = holdBack(read, audience)
    const { json, verbose } = held.options
    speaker = {
      ...speaker,
      command: read.rest,
      reporter: await openReporter(variables, json ?? false, verbose ?? false),
    }
    const offIgnored = audience.kind === 'agent' && isSwitchedOff(variables) ? ['SAFE_COMPOSE=off'] : []
    for (const word of [...held.ignored, ...offIgnored])
      speaker.reporter.say({ type: 'warning', text: `ignored, because a coding agent is at work: ${word}` })
    const end = await run(start, variables, audience, { ...read, options: held.options }, change => {
      speaker = { ...speaker, ...change }
    })
    speaker.reporter.quiet()
    endLike(end, process)
  } catch (error) {
    speaker.reporter.quiet()
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    speaker.reporter.say({ type: 'failed', failure, kind: speaker.kind, command: speaker.command })
    process.exit(exitCodeOf(failure, speaker.kind))
  }
}

interface Speaker {
  readonly reporter: Reporter
  readonly kind: 'guarded' | 'own'
  readonly command: readonly string[]
}

async function run(
  start: Start,
  variables: Readonly<Record<string, string>>,
  audience: Audience,
  read: ReadOptions,
  speakAs: (change: Partial<Speaker>) => void,
): Promise<ChildEnd> {
  const { before, after } = aroundCommand(read.rest)
  const word = after[0] ?? ''
  const isOwn = isOwnWord(word) && word !== 'compose'
  if (word === 'help') return printed(helpText(version()))
  const typed = word === 'compose' && !start.asPlugin ? [...before, ...after.slice(1)] : read.rest

  const cacheFolder = cacheFolderOf(variables)
  const found = findCompose({
    variables,
    directory: process.cwd(),
    ourselves: locateOurselves(start.script),
    cacheFolder,
    typed,
    asPlugin: start.asPlugin,
  })
  const own = { own: process, variables, descriptors: start.descriptors }
  const lineOf = (words: readonly string[]): Invocation =>
    readInvocation({
      argv: start.asPlugin ? words : [...found.lead, ...words],
      form: found.form,
      version: versionOfFound(),
    })
  let versionFound: string | null | undefined
  const versionOfFound = (): string | null => (versionFound ??= composeVersion(found, variables, cacheFolder))

  const invocation = lineOf(isOwn ? [...before, 'ps'] : typed)
  const isOff = isSwitchedOff(variables) && audience.kind !== 'agent'
  if (!isOwn && (isOff || !isGuarded(invocation))) return passThrough(found, invocation.argv, own)

  speakAs({ kind: isOwn ? 'own' : 'guarded', command: isOwn ? read.rest : invocation.argv })
  const policy = await policyInForce(variables, read, invocation)
  const reporter = await openReporter(variables, policy.json, policy.verbose)
  speakAs({ reporter })
  const context = openContext({
    start,
    variables,
    audience,
    policy,
    found,
    invocation,
    version: versionOfFound(),
    reporter,
  })
  if (!isOwn) return guard(context, invocation)
  const code = await runOwnCommand(
    context,
    word as Parameters<typeof runOwnCommand>[1],
    invocation,
    after.slice(1),
    {
      tables: openTables({ width: process.stdout.columns ?? null, home: homedir() }),
      openForeign: path => openForeignArchive(resolved(path), zstdProgram(variables)),
    },
  )
  return { code, signal: null }
}

/** What Compose will run and can lose data by; what it only answers or rejects goes to it at once. */
function isGuarded(invocation: Invocation): boolean {
  return invocation.outcome === 'run' && effectOf(invocation) === 'guarded'
}

function printed(text: string): ChildEnd {
  process.stdout.write(text)
  return { code: 0, signal: null }
}

async function policyInForce(
  variables: Readonly<Record<string, string>>,
  read: ReadOptions,
  invocation: Invocation,
): Promise<Policy> {
  const place = await locateProject(invocation, variables, process.cwd(), readText)
  const sources = await findConfiguration({
    configHome: variables['XDG_CONFIG_HOME'] ?? null,
    home: homedir(),
    chosen: read.options.config,
    directory: process.cwd(),
    composeFiles: place.files,
    projectDirectory: place.directory,
  })
  return policyFrom({
    sources,
    options: read.options,
    home: homedir(),
    directory: process.cwd(),
    knownRules: ruleIds,
  })
}

function openContext(from: {
  readonly start: Start
  readonly variables: Readonly<Record<string, string>>
  readonly audience: Audience
  readonly policy: Policy
  readonly found: FoundCompose
  readonly invocation: Invocation
  readonly version: string | null
  readonly reporter: Reporter
}): Context {
  const { variables, policy } = from
  const state = stateFolder(variables)
  const host = openHost({ pid: process.pid, hostname: hostname(), runs: isRunning })
  const now = host.now
  return {
    version: version(),
    audience: from.audience,
    policy,
    variables,
    directory: process.cwd(),
    stdin: stdinKind(),
    host,
    reporter: from.reporter,
    print: text => void process.stdout.write(text),
    prompt:
      from.audience.kind === 'person'
        ? openPrompt({
            stderr: process.stderr,
            color: wantsColor(variables, isatty(2)),
            openInput: openTerminalInput,
          })
        : null,
    compose: openCompose({
      found: from.found,
      version: from.version,
      invocation: from.invocation,
      own: process,
      variables,
      directory: process.cwd(),
      descriptors: from.start.descriptors,
    }),
    openEngine: once(() => engineOf(from.invocation, variables, host)),
    openStore: once(async () => storeOf(policy, variables, host)),
    guardian: openGuardian({
      program: process.execPath,
      script: guardianScript(from.start.script),
      variables,
      endpoint: () => findEndpoint({ flags: from.invocation.docker, variables, home: homedir() }),
    }),
    approvals: openApprovals({ folder: join(state, 'approvals'), now, random: host.random }),
    projects: openProjectMemory(join(state, 'projects.json'), now),
    files: { readText, directoryState },
    interruption: watchInterruption(process),
    secretKey: () => readOrMakeKey(state),
  }
}

function engineOf(
  invocation: Invocation,
  variables: Readonly<Record<string, string>>,
  host: Host,
): Promise<Engine> {
  return openEngine({
    flags: invocation.docker,
    variables,
    home: homedir(),
    host,
    elevated: process.getuid?.() === 0,
    mountpoints: variables['SAFE_COMPOSE_SOURCE'] !== 'api',
  })
}

function storeOf(policy: Policy, variables: Readonly<Record<string, string>>, host: Host): Store {
  const root =
    policy.store ??
    storeRoot({
      systemRootIsWritable: isWritableFolder(systemRoot),
      dataHome: variables['XDG_DATA_HOME'] ?? null,
      home: homedir(),
    })
  const zstd = variables['SAFE_COMPOSE_COMPRESSION'] === 'gzip' ? null : zstdProgram(variables)
  return openDirectoryStore({ root, zstd, owner: host.owner })
}

function zstdProgram(variables: Readonly<Record<string, string>>): string | null {
  for (const folder of (variables['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const path = join(folder, 'zstd')
    if (isExecutable(path)) return path
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function stateFolder(variables: Readonly<Record<string, string>>): string {
  const base = variables['XDG_STATE_HOME'] ?? ''
  return join(base.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'safe-compose')
}

/** A prompt of Compose's reads standard input: a terminal, nothing, or whatever is piped in. */
function stdinKind(): 'terminal' | 'empty' | 'data' {
  if (isatty(0)) return 'terminal'
  try {
    const input = fstatSync(0)
    if (input.isCharacterDevice()) return 'empty'
    return input.isFile() && input.size === 0 ? 'empty' : 'data'
  } catch {
    return 'empty'
  }
}

async function openReporter(
  variables: Readonly<Record<string, string>>,
  json: boolean,
  verbose: boolean,
): Promise<Reporter> {
  const now = (): Date => new Date()
  if (json) return jsonReporter({ stderr: process.stderr, verbose, now })
  const isTerminal = isatty(2)
  const color = wantsColor(variables, isTerminal)
  return textReporter({ stderr: process.stderr, isTerminal, color, verbose, now })
}

/** A file of the bundle, beside this one. */
function guardianScript(script: string): string {
  return typeof __dirname === 'string'
    ? join(__dirname, 'guardian.cjs')
    : join(locateOurselves(script).folder, 'dist', 'guardian.cjs')
}

function definedVariables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function resolved(path: string): string {
  return isAbsolute(path) ? path : join(process.cwd(), path)
}

function version(): string {
  return typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0'
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}
