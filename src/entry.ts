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
  if (argv[0] === 'docker-cli-plugin-metadata') return answer(JSON.stringify(pluginMetadata()))
  if (isProbe(argv, process.env)) return answer(probeAnswer)
  const start: Start = {
    script: process.argv[1] ?? '',
    descriptors: inheritedDescriptors(argv),
    asPlugin: (process.env[calledAsVariable] ?? '') !== '' && isDockerLine(argv),
    asDocker: false,
  }
  const harmless = needsMain(argv, start) ? null : findHarmless(argv, start)
  if (harmless === null) return goOn(start)
  const { descriptors } = start
  const run = { own: process, variables: process.env, descriptors }
  endLike(await passThrough(harmless.found, harmless.argv, run), process)
}

function answer(text: string): void {
  writeSync(1, `${text}\n`)
}

/** What the docker CLI asks its plugins before each use. */
function pluginMetadata(): Readonly<Record<string, string>> {
  return {
    SchemaVersion: '0.1.0',
    Vendor: 'safe-compose',
    Version: __VERSION__,
    ShortDescription: 'Docker Compose, with a backup before data is destroyed',
  }
}

/** Our own options and words, as far as they can be seen without reading the line. */
function needsMain(argv: readonly string[], start: Start): boolean {
  if (argv.some(word => word.startsWith('--safe-'))) return true
  const [first] = argv
  return !start.asPlugin && first !== undefined && first !== 'compose' && isOwnWord(first)
}

interface Harmless {
  readonly found: FoundCompose
  readonly argv: readonly string[]
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
    const { effect } = classify(argv, found.form)
    return effect === 'read-only' || (effect === 'guarded' && isLetThrough(process.env))
      ? { found, argv }
      : null
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
