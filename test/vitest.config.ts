import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Small files that take minutes: begun at the end, one would run alone, with every other worker idle. */
const longest = ['kill', 'ci', 'recover', 'repair'].map(name => `/${name}.e2e.ts`)

/** Those first, else as vitest has it: the largest file first. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): boolean =>
      longest.some(end => moduleId.endsWith(end))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLongest), ...sorted.filter(file => !isLongest(file))]
  }
}

/** Where a test goes: test/README.md. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        root,
        logLevel: 'error',
        test: {
          name: 'unit',
          testTimeout: 30_000,
          // It imports JSON in a way that only a bundler takes, and names sources that it does not bring along.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
          include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/architecture.test.ts'],
        },
      },
      {
        root,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.ts', 'test/engine/**/*.e2e.ts'],
          globalSetup: ['test/engine/vitest-global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: true,
          // A file keeps a processor busy: half of it is the engine's work.
          maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
        },
      },
      {
        root,
        test: {
          name: 'long',
          include: ['test/long/**/*.long.ts'],
          globalSetup: ['test/engine/vitest-global-setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
