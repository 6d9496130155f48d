import { writeSync } from 'node:fs'
import { calledAsVariable, findCompose } from './adapters/compose/find.ts'
import type { FoundCompose } from './adapters/compose/find.ts'
import { forgetShell } from './adapters/compose/forget-shell.ts'
import { inheritedDescriptors } from './adapters/compose/inherited-descriptors.ts'
import { locateOurselves } from './adapters/compose/ourselves.ts'
import { endLike, passThrough } from './adapters/compose/pass-through.ts'
import { cacheFolderOf, isProbe, probeAnswer } from './adapters/compose/version.ts'
import { classify } from './core/classify.ts'
import { isDockerLine } from './core/docker-line.ts'
import { pluginMetadata } from './core/doors/plugin-metadata.ts'
import { isLetThrough } from './core/let-through.ts'
import { isOwnWord } from './core/own-words.ts'
import { Stop } from './model/failure.ts'
import type { Start } from './main.ts'

declare const __VERSION__: string

/**
 * What every command pays for, so it is small. Harmless commands go on to Compose from here; whatever may touch data,
 * is our own, or cannot be told at a glance goes to `main`.
 */
async function enter(): Promise<void> {
  forgetShell(process.env)
  const argv = process.argv.slice(2)
  if (argv[0] === 'docker-cli-plugin-metadata') return answer(JSON.stringify(pluginMetadata(__VERSION__)))
  if (isProbe(argv, process.env)) return answer(probeAnswer)
  if (argv[0] === 'hook' && (await isAnswered(argv.slice(1)))) return
  const start: Start = {
    script: process.argv[1] ?? '',
    descriptors: inheritedDescriptors(argv),
    asPlugin: (process.env[calledAsVariable] ?? '') !== '' && isDockerLine(argv),
    asDocker: false,
  }
  const harmless = needsMain(argv, start) ? null : findHarmless(argv, start)
  if (harmless === null) return goOn(start)
  if (start.asPlugin && harmless.command === 'version') await sayVersion()
  const { descriptors } = start
  const run = { own: process, variables: process.env, descriptors }
  endLike(await passThrough(harmless.found, harmless.argv, run), process)
}

function answer(text: string): void {
  writeSync(1, `${text}\n`)
}

/** The hook of a coding agent. False where it was typed wrongly: `main` runs into the same and says what is wrong. */
async function isAnswered(words: readonly string[]): Promise<boolean> {
  try {
    const { hookHere } = await import('./hook-main.ts')
    process.exitCode = await hookHere(words)
    return true
  } catch (error) {
    if (error instanceof Stop) return false
    throw error
  }
}

/** Beside Compose's own answer, which programs read; this is for a person. */
async function sayVersion(): Promise<void> {
  const { isatty } = await import('node:tty')
  if (isatty(2)) writeSync(2, `safe-compose ${__VERSION__}, in front of:\n`)
}

/** Our own options and words, as far as they can be seen without reading the line. */
function needsMain(argv: readonly string[], start: Start): boolean {
  if (argv.some(word => word.startsWith('--safe-'))) return true
  const [first] = argv
  if (start.asPlugin || first === undefined || first === 'compose') return false
  return isOwnWord(first) || first === '__complete'
}

interface Harmless {
  readonly found: FoundCompose
  readonly argv: readonly string[]
  /** Null where it cannot be told. */
  readonly command: string | null
}

/** The line as Compose gets it, if it can do nothing to data or the guard is switched off; else null. */
function findHarmless(words: readonly string[], start: Start): Harmless | null {
  const typed = words[0] === 'compose' && !start.asPlugin ? words.slice(1) : words
  try {
    const found = findCompose({
      variables: process.env,
      directory: process.cwd(),
      ourselves: locateOurselves(start.script),
      cacheFolder: cacheFolderOf(process.env),
      typed,
      asPlugin: start.asPlugin,
    })
    const argv = start.asPlugin ? typed : [...found.lead, ...typed]
    const { command, effect } = classify(argv, found.form)
    const isHarmless = effect === 'read-only' || (effect === 'guarded' && isLetThrough(process.env))
    return isHarmless ? { found, argv, command } : null
  } catch (error) {
    // `main` runs into the same and says what is wrong.
    if (error instanceof Stop) return null
    throw error
  }
}

async function goOn(start: Start): Promise<void> {
  const { main } = await import('./main.ts')
  await main(start)
}

void enter()
