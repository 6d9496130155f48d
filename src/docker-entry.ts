import { writeSync } from 'node:fs'
import { findDocker } from './adapters/compose/find-docker.ts'
import { forgetShell } from './adapters/compose/forget-shell.ts'
import { inheritedDescriptors } from './adapters/compose/inherited-descriptors.ts'
import { locateOurselves } from './adapters/compose/ourselves.ts'
import { endLike, passThrough } from './adapters/compose/pass-through.ts'
import type { Program } from './adapters/compose/program.ts'
import { isProbe, probeAnswer } from './adapters/compose/version.ts'
import { classify } from './core/classify.ts'
import { dockerEffectOf, readDocker } from './core/docker/line.ts'
import { isDockerWord } from './core/docker/own-words.ts'
import { isLetThrough } from './core/let-through.ts'
import { isOwnWord } from './core/own-words.ts'
import { Stop } from './model/failure.ts'
import type { DockerEffect, DockerLine } from './model/docker-line.ts'
import type { Start } from './main.ts'

/**
 * What every command typed to `safe-docker` pays for, so it is small. Harmless commands go on to docker from here;
 * whatever may touch data, goes to Compose, or is our own goes to `main`.
 */
async function enter(): Promise<void> {
  forgetShell(process.env)
  const argv = process.argv.slice(2)
  if (isProbe(argv, process.env)) {
    writeSync(1, `${probeAnswer}\n`)
    return
  }
  const start: Start = {
    script: process.argv[1] ?? '',
    descriptors: inheritedDescriptors(argv),
    asPlugin: false,
    asDocker: true,
  }
  const docker = isHarmless(argv) ? findIfAny(start) : null
  if (docker === null) return goOn(start)
  const { descriptors } = start
  endLike(await passThrough(docker, argv, { own: process, variables: process.env, descriptors }), process)
}

/** Whether the line can do nothing to data, or the guard is switched off. Our own options and words are for `main`. */
function isHarmless(argv: readonly string[]): boolean {
  const [first = ''] = argv
  if (first.startsWith('--safe-') || isDockerWord(first)) return false
  const line = readDocker(argv)
  const effect = effectOf(line)
  if (line.outcome === 'unknown-command' && isOwnWord(line.args[0] ?? '')) return false
  if (effect === 'read-only') return !argv.slice(0, line.dockerWords.length + 1).some(isOurs)
  return effect === 'guarded' && isOff()
}

/** What goes to Compose is told at a glance, as far as it can be; `main` reads the rest. */
function effectOf(line: DockerLine): DockerEffect {
  if (line.outcome !== 'run') return 'read-only'
  const effect = dockerEffectOf(line)
  if (effect !== 'compose') return effect
  return classify(line.argv, 'plugin').effect === 'read-only' ? 'read-only' : 'compose'
}

function isOurs(word: string): boolean {
  return word.startsWith('--safe-') || isDockerWord(word)
}

/** `main` says what is wrong with a word that is neither on nor off. */
function isOff(): boolean {
  try {
    return isLetThrough(process.env)
  } catch (error) {
    if (error instanceof Stop) return false
    throw error
  }
}

/** Null where there is no docker: `main` runs into the same and says what is wrong. */
function findIfAny({ script }: Start): Program | null {
  try {
    return findDocker({
      variables: process.env,
      directory: process.cwd(),
      ourselves: locateOurselves(script),
    })
  } catch (error) {
    if (error instanceof Stop) return null
    throw error
  }
}

async function goOn(start: Start): Promise<void> {
  const { main } = await import('./main.ts')
  await main(start)
}

void enter()
