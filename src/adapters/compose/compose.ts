import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { versionNumber } from '../../core/grammar/version.ts'
import { globalList, projectLookupOf } from '../../core/invocation.ts'
import { enabledOnly, readModel } from '../../core/model.ts'
import { locateProject, projectNameV1 } from '../../core/project.ts'
import { Stop } from '../../model/failure.ts'
import type { Model } from '../../model/facts.ts'
import type { Invocation } from '../../model/invocation.ts'
import type { ChildEnd, Compose, ModelAnswer } from '../../model/ports.ts'
import type { FoundCompose } from './find.ts'
import { childVariables } from './found-variables.ts'
import type { InheritedDescriptor } from './inherited-descriptors.ts'
import { readOneShotInputs, refillFifo } from './one-shot-inputs.ts'
import type { OneShotInputs } from './one-shot-inputs.ts'
import { collect } from './own-process.ts'
import type { OwnProcess, Variables } from './own-process.ts'
import { descriptorTable, runCompose, workingDirectory } from './pass-through.ts'
import { openReplay } from './replay.ts'

export interface ComposeOptions {
  readonly found: FoundCompose
  /** What `composeVersion` says. */
  readonly version: string | null
  /** The command line at hand: its one-shot inputs are read once, by whoever needs them first, and given to all. */
  readonly invocation: Invocation
  readonly own: OwnProcess
  readonly variables: Variables
  readonly directory: string
  /** Seals what is secret of the model. */
  readonly seal: (secret: string) => string
  /** `inheritedDescriptors`, asked at the very start. */
  readonly descriptors: readonly InheritedDescriptor[]
}

/** The found Compose behind its port. Starts and reads nothing before it is asked. */
export function openCompose(options: ComposeOptions): Compose {
  const { found, version, invocation } = options
  const reaches = (minimum: string): boolean => isAtLeast(version, minimum) && found.form !== 'v1'
  const call = caller(options)
  return {
    fact: { version: version ?? 'unknown', form: found.form },
    model: async (line, { everything }) => {
      if (found.form === 'v1')
        return modelOfV1(options, line, await call(line.globalWords, ['config']), everything)
      // In words that stand alone: the standalone program's own search for the command ends at a word without a dash.
      const wide = everything ? ['--profile=*', ...(reaches('2.27.0') ? ['--all-resources'] : [])] : []
      const globals = [...wide, ...line.globalWords]
      const answer = await call(globals, ['config', '--format', 'json'])
      const isTolerant = line.command.length === 0 || projectLookupOf(line) === 'model-or-name'
      if (answer.code === 0 || !isTolerant) return modelFrom(options, line, answer)
      return modelFrom(options, line, (await withoutEnvFiles(options, call, line, globals)) ?? answer)
    },
    hashes: async (line, { everything } = { everything: false }) => {
      const wide = everything ? ['--profile=*'] : []
      const { code, stdout } = await call([...wide, ...line.globalWords], ['config', '--hash=*'])
      return code === 0 ? readHashes(stdout) : {}
    },
    run: async (argv, { directory } = {}) => runWithInputs(options, await call.inputs(), argv, directory),
    call: (globals, command, more = {}) => call(globals, command, more),
  }

  function caller({ found }: ComposeOptions): Caller {
    let read: Promise<OneShotInputs> | null = null
    let last: Promise<unknown> = Promise.resolve()
    const inputs = (): Promise<OneShotInputs> =>
      (read ??= readOneShotInputs(invocation, options.variables, options.directory))
    const ask: Ask = async (globals, command, more = {}) => {
      const before = found.form === 'plugin' ? [...invocation.dockerWords, 'compose'] : []
      const argv = [...before, ...globals, ...command]
      const once = await inputs()
      if (once.fifos.size === 0) return answerOf(options, once, argv, more)
      // Two readers of one fifo would share its bytes.
      const turn = last.then(() => answerOf(options, once, argv, more))
      last = turn.catch(() => {})
      return turn
    }
    return Object.assign(ask, { inputs })
  }
}

type Ask = (globals: readonly string[], command: readonly string[], more?: CallOptions) => Promise<Answer>

type Caller = Ask & { readonly inputs: () => Promise<OneShotInputs> }

interface CallOptions {
  readonly directory?: string
  readonly variables?: Readonly<Record<string, string>>
}

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs Compose for ourselves: its output is ours, its standard input empty unless it was read before. */
async function answerOf(
  options: ComposeOptions,
  inputs: OneShotInputs,
  argv: readonly string[],
  { directory, variables }: CallOptions,
): Promise<Answer> {
  const { found, descriptors } = options
  const replays = [...inputs.descriptors].map(([fd, bytes]) => ({ fd, replay: openReplay(bytes) }))
  let isOver = false
  try {
    const table = descriptorTable(
      descriptors,
      replays.map(({ fd, replay }) => [fd, replay.fd]),
    )
    const child = spawn(found.program, [...found.prefixArgs, ...argv], {
      cwd: directory ?? options.directory,
      env: childVariables(found, { ...options.variables, ...workingDirectory(directory), ...variables }),
      stdio: [
        inputs.descriptors.has(0) ? (table[0] ?? 'ignore') : 'ignore',
        'pipe',
        'pipe',
        ...table.slice(3),
      ],
    })
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve(code ?? 255))
    })
    const refills = [...inputs.fifos].map(([path, bytes]) => refillFifo(path, bytes, () => isOver))
    if (child.stdout === null || child.stderr === null) throw new Error('Internal error: output is not piped')
    const [code, stdout, stderr] = await Promise.all([ended, collect(child.stdout), collect(child.stderr)])
    isOver = true
    await Promise.all(refills)
    return { code, stdout: stdout.toString(), stderr: stderr.toString() }
  } catch (cause) {
    if (cause instanceof Stop) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Stop({ reason: 'compose-not-executable', path: found.program, why }, { cause })
  } finally {
    isOver = true
    for (const { replay } of replays) replay.close()
  }
}

async function runWithInputs(
  options: ComposeOptions,
  inputs: OneShotInputs,
  argv: readonly string[],
  directory: string | undefined,
): Promise<ChildEnd> {
  let isOver = false
  const refills = [...inputs.fifos].map(([path, bytes]) => refillFifo(path, bytes, () => isOver))
  try {
    const { own, variables, descriptors } = options
    return await runCompose(options.found, argv, {
      own,
      variables,
      descriptors,
      directory,
      replays: inputs.descriptors,
    })
  } finally {
    isOver = true
    await Promise.all(refills)
  }
}

/**
 * Commands that need no env files of services run where `config` fails for want of one. So it is asked again with an
 * overlay that takes them away from every service; null where that is not why it failed.
 */
async function withoutEnvFiles(
  options: ComposeOptions,
  call: Ask,
  line: Invocation,
  globals: readonly string[],
): Promise<Answer | null> {
  const { code, stdout } = await call(['--profile=*', ...line.globalWords], ['config', '--services'])
  const services = stdout.split('\n').filter(name => name !== '')
  if (code !== 0 || services.length === 0) return null
  const overlay = services.map(name => `  ${JSON.stringify(name)}: { env_file: !reset [] }`)
  const { files } = await placeOf(options, line)
  const typed = globalList(line, 'file').length > 0
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-'))
  try {
    const path = join(folder, 'overlay.yaml')
    await writeFile(path, ['services:', ...overlay, ''].join('\n'))
    const all = [...(typed ? [] : files), path].flatMap(file => ['-f', file])
    const answer = await call([...globals, ...all], ['config', '--format', 'json'])
    return answer.code === 0 ? answer : null
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A version that cannot be read is taken for the newest. */
function isAtLeast(version: string | null, minimum: string): boolean {
  const number = version === null ? null : versionNumber(version)
  return number === null || number >= (versionNumber(minimum) ?? 0)
}

// ---- What it says ------------------------------------------------------------------------------------------------

async function modelFrom(options: ComposeOptions, line: Invocation, answer: Answer): Promise<ModelAnswer> {
  if (answer.code !== 0) return { ok: false, error: errorIn(answer), code: answer.code }
  return modelAnswer(options, line, answer, () => readModel(JSON.parse(answer.stdout), options.seal))
}

/** v1 knows no JSON, leaves out the names that it will use, and prints the services of inactive profiles too. */
async function modelOfV1(
  options: ComposeOptions,
  line: Invocation,
  answer: Answer,
  everything: boolean,
): Promise<ModelAnswer> {
  if (answer.code !== 0) return { ok: false, error: errorIn(answer), code: answer.code }
  const [{ parse }, place] = await Promise.all([import('yaml'), placeOf(options, line)])
  const name = projectNameV1(place, options.directory)
  const typed = globalList(line, 'profile')
  const profiles = typed.length > 0 ? typed : (place.variables['COMPOSE_PROFILES'] ?? '').split(',')
  return modelAnswer(options, line, answer, () => {
    const config: unknown = parse(answer.stdout)
    return readModel(everything ? config : enabledOnly(config, profiles), options.seal, name)
  })
}

async function modelAnswer(
  options: ComposeOptions,
  line: Invocation,
  answer: Answer,
  read: () => Model,
): Promise<ModelAnswer> {
  const { directory } = await placeOf(options, line)
  try {
    return { ok: true, model: read(), directory, warnings: answer.stderr, raw: answer.stdout }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ok: false, error: `the answer of \`config\` cannot be read: ${why}`, code: answer.code }
  }
}

function placeOf(options: ComposeOptions, line: Invocation): ReturnType<typeof locateProject> {
  return locateProject(line, options.variables, options.directory, readText)
}

async function readText(path: string): Promise<string | null> {
  try {
    // What comes through a fifo can be read but once, and is read for Compose.
    return (await stat(path)).isFile() ? await readFile(path, 'utf8') : null
  } catch {
    // A file that is not there is the usual case of a search.
    return null
  }
}

function errorIn(answer: Answer): string {
  return answer.stderr.trim() || answer.stdout.trim() || `it ended with code ${answer.code}`
}

/** Lines such as `db 3b0c…`. */
function readHashes(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\n').flatMap(line => {
    const match = /^(\S+) ([0-9a-f]{64})$/.exec(line.trim())
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]
  })
  return Object.fromEntries(pairs)
}
