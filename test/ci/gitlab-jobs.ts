import { bash } from './github-steps.ts'

/** A job of a GitLab CI file, as far as the examples use it. */
interface Job {
  readonly stage: string
  readonly script: readonly string[]
  readonly needs?: readonly string[]
  readonly when?: 'on_success' | 'on_failure' | 'always'
}

export interface GitlabFile {
  readonly stages: readonly string[]
  readonly variables: Readonly<Record<string, string | number>>
  readonly [name: string]: unknown
}

export interface JobRun {
  readonly name: string
  readonly outcome: 'success' | 'failure' | 'skipped'
  readonly log: string
}

/** Runs the jobs of a pipeline, stage by stage, each in a bash of its own as a shell runner starts it. */
export async function runPipeline(
  file: GitlabFile,
  options: { readonly directory: string; readonly variables: Readonly<Record<string, string>> },
): Promise<readonly JobRun[]> {
  const own = Object.entries(file.variables).map(([name, value]) => [
    name,
    String(value).replaceAll(/\$(\w+)/g, (_, other: string) => options.variables[other] ?? ''),
  ])
  const variables = {
    ...(Object.fromEntries(own) as Record<string, string>),
    ...options.variables,
    CI: 'true',
    GITLAB_CI: 'true',
  }
  const runs: JobRun[] = []
  for (const stage of file.stages)
    for (const [name, job] of jobsOf(file, stage)) {
      if (!isDue(job, runs)) {
        runs.push({ name, outcome: 'skipped', log: '' })
        continue
      }
      const { code, log } = await bash(['-eo', 'pipefail', '-c', job.script.join('\n')], {
        directory: options.directory,
        variables,
      })
      runs.push({ name, outcome: code === 0 ? 'success' : 'failure', log })
    }
  return runs
}

function jobsOf(file: GitlabFile, stage: string): readonly (readonly [string, Job])[] {
  return Object.entries(file)
    .map(([name, value]) => [name, value as Partial<Job> | null] as const)
    .filter((entry): entry is [string, Job] => entry[1]?.stage === stage && entry[1].script !== undefined)
}

/** What a job waits for: those that it needs, else every one of the stages before. */
function isDue({ needs, when = 'on_success' }: Job, before: readonly JobRun[]): boolean {
  const awaited = needs === undefined ? before : before.filter(({ name }) => needs.includes(name))
  if (when === 'always') return true
  return when === 'on_failure'
    ? awaited.some(({ outcome }) => outcome === 'failure')
    : awaited.every(({ outcome }) => outcome === 'success')
}
