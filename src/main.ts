import { accessSync, constants, fstatSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { homedir, hostname, userInfo } from 'node:os'
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path'
import { isatty } from 'node:tty'
import { openSqliteFiles } from './adapters/sqlite/files.ts'
import { openApprovals } from './adapters/state/approvals.ts'
import { openCompose } from './adapters/compose/compose.ts'
import { completeByCompose } from './adapters/compose/complete.ts'
import { openDocker } from './adapters/compose/docker-cli.ts'
import { findOnPath } from './adapters/compose/executable.ts'
import { findCompose, findPluginFolders } from './adapters/compose/find.ts'
import type { FoundCompose } from './adapters/compose/find.ts'
import { findDocker } from './adapters/compose/find-docker.ts'
import type { InheritedDescriptor } from './adapters/compose/inherited-descriptors.ts'
import { noCompose } from './adapters/compose/no-compose.ts'
import { isOurselves, locateOurselves } from './adapters/compose/ourselves.ts'
import { endLike, passThrough } from './adapters/compose/pass-through.ts'
import type { Program } from './adapters/compose/program.ts'
import { cacheFolderOf, composeVersion } from './adapters/compose/version.ts'
import { openComposeFiles } from './adapters/configuration/compose-files.ts'
import { findConfiguration } from './adapters/configuration/find-configuration.ts'
import { readTree } from './adapters/configuration/read-tree.ts'
import { openDoorFiles } from './adapters/doors/files.ts'
import { whyNotForAll } from './adapters/doors/for-all.ts'
import { ownFiles, ownStart } from './adapters/doors/own-start.ts'
import { openDoorRecord } from './adapters/doors/record.ts'
import { startUpFile } from './adapters/doors/start-up-file.ts'
import { surveyDoors } from './adapters/doors/survey.ts'
import { openProjectMemory } from './adapters/state/project-memory.ts'
import { writeReport } from './adapters/state/report-file.ts'
import { readOrMakeKey } from './adapters/state/secret-key.ts'
import { openTrustBook } from './adapters/state/trust-book.ts'
import { openNoticeSpool } from './adapters/state/notice-spool.ts'
import { openOutcomes } from './adapters/state/outcomes.ts'
import { databases } from './adapters/databases/index.ts'
import { findEndpoint, findPruneFilters } from './adapters/docker/connect.ts'
import { openEngine } from './adapters/docker/engine.ts'
import { openGuardian } from './adapters/docker/guardian.ts'
import { appendText, directoryAt, placeAt, readText, roomAt } from './adapters/host/files.ts'
import { librariesIn } from './adapters/host/bundled-libraries.ts'
import { openHost } from './adapters/host/host.ts'
import { openOwnProgram } from './adapters/host/own-program.ts'
import type { OwnProgram } from './adapters/host/own-program.ts'
import { programVersion } from './adapters/host/program-version.ts'
import { surveyHost } from './adapters/host/survey.ts'
import { watchInterruption } from './adapters/host/interruption.ts'
import { openNotifier } from './adapters/notifiers/notifier.ts'
import { openCopyPlace } from './adapters/stores/copy-place.ts'
import { openStoreCopyPlace } from './adapters/stores/store-copy-place.ts'
import { openRunner } from './adapters/host/runner.ts'
import { calendar } from './adapters/schedulers/calendar.ts'
import { openCrontab } from './adapters/schedulers/crontab.ts'
import { openLaunchd } from './adapters/schedulers/launchd.ts'
import { openSystemd } from './adapters/schedulers/systemd.ts'
import { newFile, standardOutput } from './adapters/state/output.ts'
import { publishText } from './adapters/state/publish-text.ts'
import { openScheduleBook } from './adapters/state/schedule-book.ts'
import { openDirectoryStore } from './adapters/stores/directory.ts'
import type { AgeProgram } from './adapters/stores/encryption.ts'
import { generateKeyFile, lookAtKeyFile } from './adapters/stores/key-files.ts'
import { openForeignArchive } from './adapters/stores/foreign-archive.ts'
import { openResticStore } from './adapters/stores/restic/store.ts'
import { about } from './commands/about.ts'
import type { Context } from './commands/context.ts'
import { complete, completion } from './commands/completion.ts'
import type { DoorTools } from './commands/door-tools.ts'
import { maskedArgv } from './commands/entries.ts'
import { guard } from './commands/guard.ts'
import { install } from './commands/install.ts'
import { lint } from './commands/lint.ts'
import { runOwnCommand } from './commands/own-command.ts'
import type { OwnTools } from './commands/own-command.ts'
import type { ScheduleTools } from './commands/schedule-tools.ts'
import { uninstall } from './commands/uninstall.ts'
import { audienceOf } from './core/audience.ts'
import { dockerEffectOf, readDocker } from './core/docker/line.ts'
import { isDockerWord } from './core/docker/own-words.ts'
import { effectOf, readInvocation } from './core/invocation.ts'
import { once } from './core/once.ts'
import { aroundCommand, holdBack, isSwitchedOff, readSafeOptions, rootLine } from './core/options.ts'
import type { ReadOptions } from './core/options.ts'
import { helpAsked } from './core/own-usage.ts'
import { isOwnWord } from './core/own-words.ts'
import type { ConfigurationSource } from './core/configuration.ts'
import { schemaFile } from './core/configuration-schema.ts'
import { absoluteStore, settingsFrom } from './core/policy.ts'
import type { Settings } from './core/policy.ts'
import { locateProject } from './core/project.ts'
import { asInvocation, wordsOf } from './core/read-again.ts'
import { ruleIds, rules } from './core/rules/index.ts'
import { resticRepository } from './core/store-location.ts'
import { storeRoot, systemRoot } from './core/store-root.ts'
import { trustOf } from './core/trust.ts'
import type { TrustState } from './core/trust.ts'
import type { About } from './model/about.ts'
import type { Audience, Policy } from './model/decision.ts'
import { shells } from './model/doors.ts'
import type { DoorSurvey } from './model/doors.ts'
import type { Reporter } from './model/event.ts'
import { exitCodeOf, Stop } from './model/failure.ts'
import type { Invocation } from './model/invocation.ts'
import type { ChildEnd, Compose, CopyPlace, Engine, Host, Store } from './model/ports.ts'
import { aboutPage } from './ui/about-page.ts'
import { wantsColor } from './ui/color.ts'
import { doorsTable } from './ui/doors-table.ts'
import { openExplanations } from './ui/explanations.ts'
import { failureInWords } from './ui/failures.ts'
import { helpText, vocabulary, wordHelp } from './ui/help.ts'
import { ciReporter } from './ui/ci.ts'
import { jsonReporter } from './ui/json.ts'
import { lintRenderers } from './ui/lint.ts'
import { logFormOf } from './ui/log-form.ts'
import { openPrompt } from './ui/prompt.ts'
import { openSettingsPage, trustedPage } from './ui/settings-page.ts'
import { reportHtml, reportMark } from './ui/report-html.ts'
import { reportText } from './ui/report-text.ts'
import { withStepSummary } from './ui/step-summary.ts'
import { openTables } from './ui/tables.ts'
import { openTerminalInput } from './ui/terminal-input.ts'
import { textReporter } from './ui/text.ts'

declare const __VERSION__: string

/** What only the very beginning of the process can tell. */
export interface Start {
  /** The file that was started. */
  readonly script: string
  /** Inherited descriptors above 2. */
  readonly descriptors: readonly InheritedDescriptor[]
  /** Called by the docker CLI as its plugin: the words are a whole docker command line. */
  readonly asPlugin: boolean
  /** Called in place of the docker CLI itself. */
  readonly asDocker: boolean
}

/** Everything but the fast path: guarded commands and our own. The only place that reaches for `process`. */
export async function main(start: Start): Promise<void> {
  const variables = definedVariables()
  const audience = audienceOf(variables, { stdin: isatty(0), stderr: isatty(2) })
  // A terminal that was closed takes no more words.
  process.stderr.on('error', () => {})
  process.stdout.on('error', () => {})
  const [first, ...words] = process.argv.slice(2)
  if (first === '__complete' && !start.asPlugin && !start.asDocker) {
    await completeHere(start, variables, words)
    return
  }
  let speaker: Speaker = {
    reporter: await openReporter(variables, audience, { json: false, verbose: false }),
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
      reporter: await openReporter(variables, audience, { json: json ?? false, verbose: verbose ?? false }),
    }
    const offIgnored = audience.kind === 'agent' && isSwitchedOff(variables) ? ['SAFE_COMPOSE=off'] : []
    sayIgnored(speaker.reporter, [...held.ignored, ...offIgnored])
    const end = await run(start, variables, audience, { ...read, options: held.options }, change => {
      speaker = { ...speaker, ...change }
    })
    speaker.reporter.quiet()
    await written(process.stdout)
    endLike(end, process)
  } catch (error) {
    speaker.reporter.quiet()
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    const kind = speaker.kind === 'guarded' ? 'guarded' : 'own'
    speaker.reporter.say({ type: 'failed', failure, kind, command: maskedArgv(speaker.command) })
    process.exit(exitCodeOf(failure, speaker.kind))
  }
}

interface Speaker {
  readonly reporter: Reporter
  readonly kind: Parameters<typeof exitCodeOf>[1]
  readonly command: readonly string[]
}

async function run(
  start: Start,
  variables: Readonly<Record<string, string>>,
  audience: Audience,
  read: ReadOptions,
  speakAs: (change: Partial<Speaker>) => void,
): Promise<ChildEnd> {
  if (start.asDocker) {
    const line = readDocker(read.rest)
    const goesToCompose = line.outcome === 'run' && dockerEffectOf(line) === 'compose'
    if (!goesToCompose) return runDocker(start, variables, audience, read, speakAs)
    return run({ ...start, asPlugin: true, asDocker: false }, variables, audience, read, speakAs)
  }
  const { before, after } = aroundCommand(read.rest)
  const line = rootLine(read.rest)
  const isHandedOn = line.isComposes && !start.asPlugin
  const word = isHandedOn ? '' : (after[0] ?? '')
  const isOwn = isOwnWord(word) && word !== 'compose'
  const asked = isOwn ? helpAsked(word, after.slice(1)) : null
  if (asked !== null) return printed(asked === 'help' ? helpText(version()) : wordHelp(asked))
  if (word === 'about') {
    speakAs({ kind: 'own', command: read.rest })
    return {
      code: await aboutHere(before, after.slice(1), { start, variables, audience, read }),
      signal: null,
    }
  }
  if (word === 'lint') {
    speakAs({ kind: 'own', command: read.rest })
    return { code: await lintHere(before, after.slice(1), variables), signal: null }
  }
  if (word === 'hook') {
    speakAs({ kind: 'own', command: read.rest })
    const { hookHere } = await import('./hook-main.ts')
    return { code: await hookHere(after.slice(1)), signal: null }
  }
  if (word === 'completion') {
    speakAs({ kind: 'own', command: read.rest })
    const code = completion(after.slice(1), text => void process.stdout.write(text))
    return { code, signal: null }
  }
  if (word === 'install' || word === 'uninstall') {
    speakAs({ kind: 'own', command: read.rest })
    const tools = openDoorTools(start, variables, audience)
    const code = await (word === 'install' ? install : uninstall)(after.slice(1), tools)
    return { code, signal: null }
  }
  const typed = isHandedOn ? [...line.passed, ...line.after] : read.rest

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
  const directory = word === 'trust' ? directoryNamed(after.slice(1)) : process.cwd()
  const isOff = isSwitchedOff(variables) && audience.kind !== 'agent'
  if (!isOwn && (isOff || !isGuarded(invocation))) return passThrough(found, invocation.argv, own)

  const ownKind = asksLikeMonitoring(word, after[1]) ? 'monitor' : 'own'
  speakAs({ kind: isOwn ? ownKind : 'guarded', command: isOwn ? read.rest : invocation.argv })
  const state = stateFolder(variables)
  const host = openHost({ pid: process.pid, hostname: hostname(), runs: isRunning })
  const given = { start, variables, audience, read, host, state }
  const configured = await configure({
    variables,
    read,
    audience: audience.kind,
    invocation,
    directory,
    // Before a project can be trusted it must be possible to look at it.
    withProject: word !== 'trust',
    state,
    host,
  })
  const { settings } = configured
  const { policy } = settings
  const reporter = await openReporter(variables, audience, { json: policy.json, verbose: policy.verbose })
  speakAs({ reporter, ...(policy.dryRun && !isOwn ? { kind: 'own' } : {}) })
  sayIgnored(reporter, settings.ignored)
  const context = openContext({
    start,
    variables,
    audience,
    policy,
    compose: openCompose({
      found,
      version: versionOfFound(),
      invocation,
      ...own,
      directory,
      seal: host.seal,
    }),
    invocation,
    reporter,
    host,
    state,
    directory,
    command: isOwn ? read.rest : invocation.argv,
  })
  if (!isOwn) return guard(context, invocation)
  const code = await runOwnCommand(
    context,
    word as Parameters<typeof runOwnCommand>[1],
    invocation,
    after.slice(1),
    openTools({
      ...given,
      configured,
      lineOf: words => lineOf([...before, ...words]),
    }),
  )
  return { code, signal: null }
}

/** A line of the docker CLI that goes to no Compose. */
async function runDocker(
  start: Start,
  variables: Readonly<Record<string, string>>,
  audience: Audience,
  read: ReadOptions,
  speakAs: (change: Partial<Speaker>) => void,
): Promise<ChildEnd> {
  const { before, after } = aroundCommand(read.rest)
  const [word = '', ...words] = after
  const isOwn = isDockerWord(word)
  const line = asInvocation(readDocker(isOwn ? [...before, 'volume', 'ls'] : read.rest))
  if (!isOwn && line.outcome === 'unknown-command' && isOwnWord(line.args[0] ?? ''))
    throw wordOfCompose(line.args)
  const own = { own: process, variables, descriptors: start.descriptors }
  const isOff = isSwitchedOff(variables) && audience.kind !== 'agent'
  const isGuardedLine = line.outcome === 'run' && dockerEffectOf(line) === 'guarded'
  if (!isOwn && (isOff || !isGuardedLine)) return passThrough(dockerHere(start, variables), line.argv, own)

  const command = isOwn ? ['docker', ...read.rest] : wordsOf(line)
  speakAs({ kind: isOwn ? 'own' : 'guarded', command })
  const state = stateFolder(variables)
  const host = openHost({ pid: process.pid, hostname: hostname(), runs: isRunning })
  const directory = process.cwd()
  const given = { start, variables, audience, read, host, state }
  // It belongs to no directory: what a project there configures is not for it.
  const of = { invocation: line, directory: '/', withProject: false }
  const configured = await configure({ variables, read, audience: audience.kind, state, host, ...of })
  const { settings } = configured
  const { policy } = settings
  const reporter = await openReporter(variables, audience, { json: policy.json, verbose: policy.verbose })
  speakAs({ reporter, ...(policy.dryRun && !isOwn ? { kind: 'own' } : {}) })
  sayIgnored(reporter, settings.ignored)
  const { compose, lineOf } = composeBeside(start, variables, line, directory, host)
  const context = openContext({ ...given, policy, compose, invocation: line, reporter, directory, command })
  if (!isOwn) return guard(context, line)
  const tools = openTools({ ...given, configured, lineOf })
  return { code: await runOwnCommand(context, word, line, words, tools), signal: null }
}

function wordOfCompose(words: readonly string[]): Stop {
  const [word = ''] = words
  return new Stop({
    reason: 'bad-usage',
    what: `docker has no command ${word}; it is a word of safe-compose`,
    how: `safe-compose ${words.join(' ')}`,
  })
}

/** The Compose that a line of the docker CLI may need: to stop and start what it concerns. There may be none. */
function composeBeside(
  start: Start,
  variables: Readonly<Record<string, string>>,
  line: Invocation,
  directory: string,
  host: Host,
): { readonly compose: Compose; readonly lineOf: OwnTools['lineOf'] } {
  const cacheFolder = cacheFolderOf(variables)
  try {
    const found = findCompose({
      variables,
      directory,
      ourselves: locateOurselves(start.script),
      cacheFolder,
      typed: [],
      asPlugin: false,
    })
    const version = composeVersion(found, variables, cacheFolder)
    const before = found.form === 'plugin' ? line.dockerWords : []
    const lineOf = (words: readonly string[]): Invocation =>
      readInvocation({ argv: [...before, ...found.lead, ...words], form: found.form, version })
    const own = { own: process, variables, descriptors: start.descriptors }
    const invocation = lineOf(['ps'])
    return {
      compose: openCompose({ found, version, invocation, ...own, directory, seal: host.seal }),
      lineOf,
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const lineOf = (words: readonly string[]): Invocation =>
      readInvocation({ argv: ['compose', ...words], form: 'plugin', version: null })
    return { compose: noCompose(error), lineOf }
  }
}

/** What our own commands need besides the context. */
function openTools(from: {
  readonly start: Start
  readonly variables: Readonly<Record<string, string>>
  readonly audience: Audience
  readonly read: ReadOptions
  readonly host: Host
  readonly state: string
  readonly configured: Configured
  readonly lineOf: OwnTools['lineOf']
}): OwnTools {
  const { start, variables, audience, read, host, state } = from
  const { settings, configuration, trust } = from.configured
  return {
    tables: openTables({ width: process.stdout.columns ?? null, home: homedir() }),
    lineOf: from.lineOf,
    openForeign: path => openForeignArchive(resolved(path), programOf('zstd', variables)),
    keys: {
      usual: join(configFolder(variables), 'identity.txt'),
      generate: generateKeyFile,
      look: lookAtKeyFile,
      resolve: resolved,
    },
    explanations: openExplanations({ width: process.stdout.columns ?? null }),
    configuration: {
      origins: settings.origins,
      directory: configuration.directory,
      projectFiles: configuration.sources
        .filter(({ owner }) => owner === 'project')
        .map(source => ({ file: source.file, trust: configuration.trustOf(source) })),
      schema: schemaOf(start.script),
    },
    settingsPage: openSettingsPage(homedir()),
    keepPolicyOf: async project => {
      const files = project.files.flatMap(file => ['-f', file])
      const of = {
        invocation: readInvocation({ argv: [...files, 'ps'], form: 'standalone', version: null }),
        directory: project.directory ?? '/',
        withProject: project.directory !== null,
      }
      const found = await configure({ variables, read, audience: audience.kind, state, host, ...of })
      return found.settings.policy.keep
    },
    trust: { ...configuration, book: trust, page: trustedPage },
    reportPages: {
      text: reportText,
      html: reportHtml,
      write: (path, page) => writeReport(resolved(path), page, reportMark),
    },
    schedule: openSchedule({ start, variables, host, state, read }),
  }
}

/** A pipe takes what its reader has room for; the rest would be lost by ending now. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    stream.write('', () => resolve())
  })
}

/** What monitoring asks cannot tell where it fails. */
function asksLikeMonitoring(word: string, next: string | undefined): boolean {
  if (word === 'schedule') return next === undefined || next === 'status' || next.startsWith('-')
  return word === 'health'
}

function openSchedule(from: {
  readonly start: Start
  readonly variables: Readonly<Record<string, string>>
  readonly host: Host
  readonly state: string
  readonly read: ReadOptions
}): Omit<ScheduleTools, 'tables'> {
  const { variables, host, state } = from
  const { command } = ownProgram(from.start.script)
  const { store, config } = from.read.options
  const here = { home: homedir(), directory: process.cwd() }
  const configHome = variables['XDG_CONFIG_HOME'] ?? ''
  const userUnits = join(isAbsolute(configHome) ? configHome : join(homedir(), '.config'), 'systemd', 'user')
  const user = process.getuid?.() ?? -1
  return {
    book: openScheduleBook(join(state, 'schedule'), host.isAlive, host.now),
    schedulers:
      process.platform === 'darwin'
        ? [openLaunchd({ folder: join(homedir(), 'Library', 'LaunchAgents'), user, variables })]
        : [
            openSystemd({ kind: 'systemd', folder: '/etc/systemd/system', variables }),
            openSystemd({ kind: 'systemd-user', folder: userUnits, variables }),
            openCrontab(variables),
          ],
    calendar,
    runner: openRunner({ command, signals: process }),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    start: command,
    isRoot: user === 0,
    given: {
      HOME: homedir(),
      ...(store === null ? {} : { SAFE_COMPOSE_STORE: absoluteStore(store, here) }),
      ...(config === null ? {} : { SAFE_COMPOSE_CONFIG: resolved(config) }),
    },
  }
}

/** Needs no engine and no Compose: it must work where neither is. */
function lintHere(
  globals: readonly string[],
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const directory = process.cwd()
  const line = readInvocation({ argv: [...globals, 'ps'], form: 'standalone', version: null })
  return lint(words, {
    directory,
    findFiles: async () => (await locateProject(line, variables, directory, readText)).files,
    readText,
    parse: readTree,
    print: text => void process.stdout.write(text),
    render: (format, found, files) => lintRenderers[format](found, files, version()),
  })
}

/** Needs no engine and no Compose either: it is what somebody looks at when something is missing. */
function aboutHere(
  globals: readonly string[],
  words: readonly string[],
  from: {
    readonly start: Start
    readonly variables: Readonly<Record<string, string>>
    readonly audience: Audience
    readonly read: ReadOptions
  },
): Promise<number> {
  const { start, variables } = from
  const line = readInvocation({ argv: [...globals, 'ps'], form: 'standalone', version: null })
  return about(words, {
    print: text => void process.stdout.write(text),
    page: aboutPage,
    tell: async () => {
      const docker = programOf('docker', variables)
      const [dockerVersion, store, bill] = await Promise.all([
        docker === null ? null : programVersion(docker, variables),
        storeHere(line, from),
        ownProgram(start.script).read('sbom.cdx.json'),
      ])
      return {
        name: 'safe-compose',
        version: version(),
        license: 'MIT',
        installed: locateOurselves(start.script).folder,
        node: { version: process.versions.node, path: process.execPath },
        platform: `${process.platform} ${process.arch}`,
        compose: composeHere(start, variables),
        docker: { path: docker, version: dockerVersion },
        store,
        libraries: bill === null ? null : librariesIn(bill),
      }
    },
  })
}

/** Needs no engine and no Compose: it must work where neither is. */
function openDoorTools(
  start: Start,
  variables: Readonly<Record<string, string>>,
  audience: Audience,
): DoorTools {
  const ourselves = locateOurselves(start.script)
  const home = homedir()
  const state = stateFolder(variables)
  const survey = (): Promise<DoorSurvey> => lookAtDoors(start, variables)
  const writer = { pid: process.pid, runs: isRunning }
  const own = ownStart({ node: process.execPath, folder: ourselves.folder })
  return {
    files: openDoorFiles(writer),
    record: openDoorRecord(join(state, 'doors.json'), writer),
    survey,
    start: own,
    version: version(),
    places: {
      home,
      userPlugins: userPluginFolder(variables),
      systemPlugins: '/usr/local/lib/docker/cli-plugins',
      shims: shimFolder(variables),
      startUpFile: shell => startUpFile(shell, { variables, home, platform: process.platform }),
      resolve: resolved,
    },
    realPlugin: () => findPlugin(start, variables)?.path ?? null,
    ownFiles: () => ownFiles(own, ourselves.folder),
    isForAll: folder => process.getuid?.() === 0 && !`${folder}/`.startsWith(`${home}/`),
    whyNotForAll,
    shell: shells.find(each => each === basename(variables['SHELL'] ?? '')) ?? null,
    audience: audience.kind,
    print: text => void process.stdout.write(text),
    table: doorsTable,
  }
}

/** The real plugin, whatever else is chosen; null where there is none. */
function findPlugin(start: Start, variables: Readonly<Record<string, string>>): FoundCompose | null {
  const { SAFE_COMPOSE_DOCKER_COMPOSE: _, ...others } = variables
  try {
    return findCompose({
      variables: others,
      directory: process.cwd(),
      ourselves: locateOurselves(start.script),
      cacheFolder: cacheFolderOf(variables),
      typed: ['compose'],
      asPlugin: true,
    })
  } catch (error) {
    if (error instanceof Stop) return null
    throw error
  }
}

/** What a shell asks while a person types. */
async function completeHere(
  start: Start,
  variables: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<void> {
  await complete(words, vocabulary(ruleIds), {
    print: text => void process.stdout.write(text),
    askCompose: async line => {
      const found = findPlugin(start, variables)
      return found === null ? null : completeByCompose(found, line, variables)
    },
  })
}

function composeHere(start: Start, variables: Readonly<Record<string, string>>): About['compose'] {
  const cacheFolder = cacheFolderOf(variables)
  try {
    const found = findCompose({
      variables,
      directory: process.cwd(),
      ourselves: locateOurselves(start.script),
      cacheFolder,
      typed: [],
      asPlugin: false,
    })
    const path = found.path ?? found.program
    return { path, version: composeVersion(found, variables, cacheFolder), form: found.form }
  } catch (error) {
    return { path: null, version: null, why: whyOf(error) }
  }
}

async function storeHere(line: Invocation, from: Parameters<typeof aboutHere>[2]): Promise<About['store']> {
  const { variables, audience, read } = from
  const host = openHost({ pid: process.pid, hostname: hostname(), runs: isRunning })
  try {
    const { settings } = await configure({
      variables,
      read,
      audience: audience.kind,
      invocation: line,
      directory: process.cwd(),
      withProject: true,
      state: stateFolder(variables),
      host,
    })
    return { name: storeOf(settings.policy, variables, host, from.start.script).name }
  } catch (error) {
    return { name: null, why: whyOf(error) }
  }
}

/** Of a failure that was foreseen; anything else is a fault of ours. */
function whyOf(error: unknown): string {
  if (error instanceof Stop) return failureInWords(error.failure, []).what
  throw error
}

/** Where shims for the PATH lie if no other folder is named. */
function shimFolder(variables: Readonly<Record<string, string>>): string {
  return join(stateFolder(variables), 'path')
}

function userPluginFolder(variables: Readonly<Record<string, string>>): string {
  return join(dirname(findPluginFolders(variables, process.cwd()).config), 'cli-plugins')
}

function lookAtDoors(start: Start, variables: Readonly<Record<string, string>>): Promise<DoorSurvey> {
  const ourselves = locateOurselves(start.script)
  return surveyDoors({
    variables,
    home: homedir(),
    platform: process.platform,
    shims: shimFolder(variables),
    directory: process.cwd(),
    user: { name: userName(variables), isRoot: process.getuid?.() === 0 },
    docker: findPluginFolders(variables, process.cwd()),
    onPath: name => findOnPath(name, variables, process.cwd()),
    isOurselves: path => isOurselves(path, ourselves),
  })
}

/** A user without an entry in the system's list has only what the environment says. */
function userName(variables: Readonly<Record<string, string>>): string {
  try {
    return userInfo().username
  } catch {
    return variables['USER'] ?? ''
  }
}

/** What Compose will run and can lose data by; what it only answers or rejects goes to it at once. */
function isGuarded(invocation: Invocation): boolean {
  return invocation.outcome === 'run' && effectOf(invocation) === 'guarded'
}

function printed(text: string): ChildEnd {
  process.stdout.write(text)
  return { code: 0, signal: null }
}

/** The directory that `trust DIR` names; where we are when it names none. */
function directoryNamed(words: readonly string[]): string {
  const named = words.find(word => !word.startsWith('-'))
  return named === undefined ? process.cwd() : resolved(named)
}

function sayIgnored(reporter: Reporter, ignored: readonly string[]): void {
  for (const word of ignored)
    reporter.say({ type: 'warning', text: `ignored, because a coding agent is at work: ${word}` })
}

interface Configured {
  readonly settings: Settings
  readonly configuration: {
    readonly sources: readonly ConfigurationSource[]
    readonly directory: string
    readonly trustOf: (source: ConfigurationSource) => TrustState
  }
  readonly trust: ReturnType<typeof openTrustBook>
}

/** Reads every configuration that counts, and puts together what is in force. */
async function configure(from: {
  readonly variables: Readonly<Record<string, string>>
  readonly read: ReadOptions
  readonly audience: Audience['kind']
  readonly invocation: Invocation
  readonly directory: string
  readonly withProject: boolean
  readonly state: string
  readonly host: Host
}): Promise<Configured> {
  const { variables, read, invocation, host } = from
  const idOf = async (path: string): Promise<string | null> => (await placeAt(path)).id
  const trust = openTrustBook({ file: join(from.state, 'trust.json'), now: host.now, idOf })
  const place = await locateProject(invocation, variables, from.directory, readText)
  const [sources, trusted] = await Promise.all([
    findConfiguration({
      configHome: variables['XDG_CONFIG_HOME'] ?? null,
      home: homedir(),
      chosen: read.options.config,
      directory: process.cwd(),
      composeFiles: place.files,
      projectDirectory: place.directory,
    }),
    trust.find(place.directory),
  ])
  const stateOf = (source: ConfigurationSource): TrustState =>
    trustOf(source, place.directory, trusted, host.sha256)
  const settings = settingsFrom({
    sources: sources.filter(({ owner }) => owner === 'user' || from.withProject),
    options: read,
    variables,
    audience: from.audience,
    trust: stateOf,
    disposable: trusted?.disposable ?? null,
    home: homedir(),
    directory: process.cwd(),
    knownRules: rules,
  })
  return { settings, configuration: { sources, directory: place.directory, trustOf: stateOf }, trust }
}

function openContext(from: {
  readonly start: Start
  readonly variables: Readonly<Record<string, string>>
  readonly audience: Audience
  readonly policy: Policy
  readonly compose: Compose
  readonly invocation: Invocation
  readonly reporter: Reporter
  readonly host: Host
  readonly state: string
  /** Where the project is looked for. */
  readonly directory: string
  /** As it was typed. */
  readonly command: readonly string[]
}): Context {
  const { variables, policy, host, state, directory } = from
  const now = host.now
  const storeAt = (store: string | null): Store =>
    storeOf({ ...policy, store }, variables, host, from.start.script)
  const openStore = once(async () => storeAt(policy.store))
  return {
    version: version(),
    audience: from.audience,
    policy,
    variables,
    directory,
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
    compose: from.compose,
    docker: {
      ...openDocker(() => dockerHere(from.start, variables), {
        own: process,
        variables,
        descriptors: from.start.descriptors,
      }),
      pruneFilters: () => findPruneFilters({ flags: from.invocation.docker, variables, home: homedir() }),
    },
    openEngine: once(() => engineOf(from.invocation.docker, variables, host)),
    openEngineOf: context => engineOf({ ...from.invocation.docker, context }, variables, host),
    openCopyPlace: async place => copyPlaceOf(await openStore(), place, storeAt, host),
    openStore,
    databases,
    sqlite: openSqliteFiles(sqlitePrograms(variables, from.start.script), {
      pid: process.pid,
      runs: isRunning,
    }),
    openOutput: async file =>
      file === null ? standardOutput(process.stdout, isatty(1)) : newFile(resolved(file)),
    guardian: openGuardian({
      ...ownProgram(from.start.script).child('guardian'),
      variables,
      endpoint: () => findEndpoint({ flags: from.invocation.docker, variables, home: homedir() }),
    }),
    notifier: openNotifier({
      channels: policy.channels,
      reporter: from.reporter,
      now,
      spool: openNoticeSpool(join(state, 'notices'), host.random),
      variables,
      home: homedir(),
    }),
    outcomes: openOutcomes(join(state, 'outcomes')),
    inWords: failure => failureInWords(failure, from.command),
    approvals: openApprovals({ folder: join(state, 'approvals'), now, random: host.random }),
    projects: openProjectMemory(join(state, 'projects.json'), now),
    files: { readText, publishText, directory: directoryAt, place: placeAt, room: roomAt },
    composeFiles: openComposeFiles(join(state, 'compose-files'), now),
    survey: store => surveyHost({ store, home: homedir(), doors: () => lookAtDoors(from.start, variables) }),
    interruption: watchInterruption(process),
    secretKey: () => readOrMakeKey(state),
  }
}

function dockerHere({ script }: Start, variables: Readonly<Record<string, string>>): Program {
  return findDocker({ variables, directory: process.cwd(), ourselves: locateOurselves(script) })
}

function engineOf(
  flags: Invocation['docker'],
  variables: Readonly<Record<string, string>>,
  host: Host,
): Promise<Engine> {
  return openEngine({
    flags,
    variables,
    home: homedir(),
    host,
    elevated: process.getuid?.() === 0,
    mountpoints: variables['SAFE_COMPOSE_SOURCE'] !== 'api',
  })
}

/** A folder beside a directory store gets the same files; between stores of other kinds each is unpacked and put in anew. */
function copyPlaceOf(from: Store, place: string, open: (place: string) => Store, host: Host): CopyPlace {
  const location = absoluteStore(place, { home: homedir(), directory: process.cwd() })
  const { owner, isAlive } = host
  return resticRepository(location) === null && from.keeps === 'files'
    ? openCopyPlace({ root: location, owner, isAlive })
    : openStoreCopyPlace({ from, to: open(location), isAlive })
}

function storeOf(
  policy: Pick<Policy, 'store' | 'encrypt'>,
  variables: Readonly<Record<string, string>>,
  host: Host,
  script: string,
): Store {
  const repository = policy.store === null ? null : resticRepository(policy.store)
  if (repository !== null)
    return openResticStore({ repository, root: defaultRoot(variables), variables, owner: host.owner })
  const root = policy.store ?? defaultRoot(variables)
  const zstd = variables['SAFE_COMPOSE_COMPRESSION'] === 'gzip' ? null : programOf('zstd', variables)
  return openDirectoryStore({
    root,
    named: policy.store !== null,
    zstd,
    encryption: { age: ageProgram(variables, script), ...policy.encrypt },
    owner: host.owner,
  })
}

/** Where restore points are kept unless another place is named, and what belongs to this machine in any case. */
function defaultRoot(variables: Readonly<Record<string, string>>): string {
  return storeRoot({
    systemRootIsWritable: isWritableFolder(systemRoot),
    dataHome: variables['XDG_DATA_HOME'] ?? null,
    home: homedir(),
  })
}

/** The host's own, else the one that we bring along. */
function ageProgram(variables: Readonly<Record<string, string>>, script: string): AgeProgram {
  const program = programOf('age', variables)
  return program === null ? ownProgram(script).child('age') : { program, args: [] }
}

/** The host's own, else to read the one that we bring along, where this Node has what it needs. */
function sqlitePrograms(
  variables: Readonly<Record<string, string>>,
  script: string,
): Parameters<typeof openSqliteFiles>[0] {
  const program = programOf('sqlite3', variables)
  const shell = program === null ? null : { program, args: [], variables }
  const standIn = isBuiltin('node:sqlite') ? { ...ownProgram(script).child('sqlite'), variables } : null
  return { reader: shell ?? standIn, shell }
}

/** Path of a program of this machine. */
function programOf(name: string, variables: Readonly<Record<string, string>>): string | null {
  for (const folder of (variables['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const path = join(folder, name)
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

/** Where the user's own configuration lies. */
function configFolder(variables: Readonly<Record<string, string>>): string {
  return join(variables['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'safe-compose')
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
  audience: Audience,
  options: { readonly json: boolean; readonly verbose: boolean },
): Promise<Reporter> {
  const now = (): Date => new Date()
  const reporter = await openPlainReporter(variables, audience, { ...options, now })
  const summary = variables['GITHUB_STEP_SUMMARY'] ?? ''
  if (summary === '') return reporter
  return withStepSummary(reporter, { append: text => appendText(summary, text), now })
}

/** A coding agent reads words, not a CI system's log. */
async function openPlainReporter(
  variables: Readonly<Record<string, string>>,
  audience: Audience,
  options: { readonly json: boolean; readonly verbose: boolean; readonly now: () => Date },
): Promise<Reporter> {
  const { stderr } = process
  if (options.json) return jsonReporter({ stderr, ...options })
  const form = audience.kind === 'script' ? logFormOf(variables) : null
  if (form !== null) return ciReporter({ stderr, form, ...options })
  const isTerminal = isatty(2)
  return textReporter({ stderr, isTerminal, color: wantsColor(variables, isTerminal), ...options })
}

/** A single executable has no file of it. */
function schemaOf(script: string): string | null {
  const own = locateOurselves(script)
  return own.folder === own.script ? null : join(own.folder, schemaFile)
}

/** The bundle lies where this file is; run from its sources, it lies in `dist/`. */
function ownProgram(script: string): OwnProgram {
  const { folder } = locateOurselves(script)
  const bundle = typeof __dirname === 'string' ? __dirname : join(folder, 'dist')
  return openOwnProgram({ node: process.execPath, folder, bundle })
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
