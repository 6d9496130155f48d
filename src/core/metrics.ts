import type { RestorePoint } from '../model/restore-point.ts'
import { backupsAmong } from './freshness.ts'
import type { RememberedOutcome } from './outcome.ts'

/** A family of samples, as Prometheus has it. All of ours are gauges: each may go up and down. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: readonly Sample[]
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What there is to measure. */
export interface Measured {
  readonly version: string
  readonly now: Date
  /** Newest first, of any project and engine. */
  readonly points: readonly RestorePoint[]
  readonly outcomes: readonly RememberedOutcome[]
}

/** Everything that is measured. Times are seconds since 1970, sizes bytes; a family without samples is left out. */
export function metricsOf({ version, now, points, outcomes }: Measured): readonly Metric[] {
  const groups = byProject(points)
  const perGroup = (valueOf: (group: Group) => number | null): readonly Sample[] =>
    groups.flatMap(group => {
      const value = valueOf(group)
      return value === null ? [] : [{ labels: group.labels, value }]
    })
  const perOutcome = (valueOf: (outcome: RememberedOutcome) => number): readonly Sample[] =>
    outcomes.map(outcome => ({
      labels: { project: outcome.project ?? '', job: outcome.job },
      value: valueOf(outcome),
    }))
  const all: readonly Metric[] = [
    {
      name: 'safe_compose_restore_points',
      help: 'Restore points in the store, by why they were taken and whether they are whole.',
      samples: groups.flatMap(countsOf),
    },
    {
      name: 'safe_compose_restore_points_bytes',
      help: 'Bytes that all restore points of a project take.',
      samples: perGroup(group => group.points.reduce((sum, { bytes }) => sum + bytes, 0)),
    },
    {
      name: 'safe_compose_backup_timestamp_seconds',
      help: 'When the newest good backup of a project was finished.',
      samples: perGroup(({ newest }) => (newest === null ? null : seconds(newest.manifest.finishedAt))),
    },
    {
      name: 'safe_compose_backup_size_bytes',
      help: 'Bytes that the newest good backup of a project takes.',
      samples: perGroup(({ newest }) => newest?.bytes ?? null),
    },
    {
      name: 'safe_compose_backup_content_bytes',
      help: 'Bytes of the files in the newest good backup of a project, before compression.',
      samples: perGroup(({ newest }) =>
        newest === null
          ? null
          : newest.manifest.holdings.reduce((sum, { kept }) => sum + kept.tar.contentBytes, 0),
      ),
    },
    {
      name: 'safe_compose_backup_duration_seconds',
      help: 'How long the newest good backup of a project took.',
      samples: perGroup(({ newest }) =>
        newest === null ? null : between(newest.manifest.startedAt, newest.manifest.finishedAt),
      ),
    },
    {
      name: 'safe_compose_backup_good',
      help: 'Whether the newest restore point of a project is whole: 1, or 0.',
      samples: perGroup(({ points: [newest] }) => (newest?.state === 'good' ? 1 : 0)),
    },
    {
      name: 'safe_compose_verified_timestamp_seconds',
      help: 'When a backup of a project was last tried and found well, by how: read, or boot.',
      samples: groups.flatMap(verifiedOf),
    },
    {
      name: 'safe_compose_verification_failed',
      help: 'Restore points of a project that were tried and found not well.',
      samples: perGroup(
        group => group.points.filter(({ verified }) => verified !== null && !verified.well).length,
      ),
    },
    {
      name: 'safe_compose_job_ok',
      help: 'Whether the last unattended run of a job went well: 1, or 0.',
      samples: perOutcome(({ ok }) => (ok ? 1 : 0)),
    },
    {
      name: 'safe_compose_job_timestamp_seconds',
      help: 'When a job last ran unattended.',
      samples: perOutcome(({ at }) => seconds(at)),
    },
    {
      name: 'safe_compose_job_failures',
      help: 'How often a job has failed in a row.',
      samples: perOutcome(({ failures }) => failures),
    },
    {
      name: 'safe_compose_metrics_timestamp_seconds',
      help: 'When these metrics were written.',
      samples: [{ labels: {}, value: now.getTime() / 1000 }],
    },
    {
      name: 'safe_compose_build_info',
      help: 'The version of safe-compose that wrote these metrics.',
      samples: [{ labels: { version }, value: 1 }],
    },
  ]
  return all
    .map(metric => ({ ...metric, samples: metric.samples.filter(({ value }) => Number.isFinite(value)) }))
    .filter(({ samples }) => samples.length > 0)
}

/** The restore points of one project on one engine. */
interface Group {
  readonly labels: { readonly project: string; readonly engine: string }
  readonly points: readonly RestorePoint[]
  readonly newest: RestorePoint | null
}

function byProject(points: readonly RestorePoint[]): readonly Group[] {
  const groups = new Map<string, RestorePoint[]>()
  for (const point of points) {
    const key = JSON.stringify([point.manifest.project.name, point.manifest.engine.id])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [point])
    else group.push(point)
  }
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    const { project, engine } = first.manifest
    const newest = backupsAmong(group)[0] ?? null
    return [{ labels: { project: project.name, engine: engine.id }, points: group, newest }]
  })
}

function countsOf({ labels, points }: Group): readonly Sample[] {
  const counts = new Map<string, { readonly reason: string; readonly state: string; value: number }>()
  for (const { state, manifest } of points) {
    const key = `${manifest.reason} ${state}`
    const known = counts.get(key) ?? { reason: manifest.reason, state, value: 0 }
    known.value++
    counts.set(key, known)
  }
  return [...counts.values()].map(({ reason, state, value }) => ({
    labels: { ...labels, reason, state },
    value,
  }))
}

function verifiedOf({ labels, points }: Group): readonly Sample[] {
  return (['read', 'boot'] as const).flatMap(level => {
    const times = points.flatMap(({ verified }) =>
      verified !== null && verified.well && verified.level === level ? [seconds(verified.at)] : [],
    )
    return times.length === 0 ? [] : [{ labels: { ...labels, level }, value: Math.max(...times) }]
  })
}

function seconds(time: string): number {
  return Date.parse(time) / 1000
}

/** A clock that was set back in between makes no negative time. */
function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000
}

/** What every text of ours has at its beginning. */
export const metricsMark = '# HELP safe_compose_'

/** The text that Prometheus reads, version 0.0.4. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, help, samples }) => [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} gauge`,
    ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
  ])
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function labelValue(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
