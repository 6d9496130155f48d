import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'
import { imageNames } from './images.ts'
import { startEngine, type TestEngine } from './index.ts'

declare module 'vitest' {
  interface ProvidedContext {
    engine: Omit<TestEngine, 'startedHere' | 'ensureImages' | 'kill' | 'startAgain' | 'stop'>
  }
}

/** What a test gets from `inject('engine')`: the engine without its functions. */
export type ProvidedEngine = ProvidedContext['engine']

/**
 * Starts the shared engine with all images before the tests, and ends it after them if it was not running before.
 * Without it the run fails with the reason: no test is skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startEngine({ images: imageNames })
  const { host, version, env, docker, compose, dataRoot, netns } = engine
  project.provide('engine', { host, version, env, docker, compose, dataRoot, netns })
  return () => engine.stop()
}
