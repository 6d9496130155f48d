/** A setting that configuration files may hold besides `store` and `rules`, all of them numbers in the end. */
export interface SettingKey {
  readonly key: string
  readonly kind: 'duration' | 'count' | 'size'
  /** The smallest value that makes sense; milliseconds and bytes. */
  readonly least: number
  readonly variable: string
  /**
   * Which way a project that is not trusted may move it, beyond what is in force without it. There is no third way: a
   * setting about which a project must not speak at all, such as `store`, is not in this table.
   */
  readonly project: 'down' | 'up'
  readonly about: string
}

/** Configuration files, environment variables, the published schema and `settings` are all made from this table. */
export const settingKeys = [
  {
    key: 'preflight.maxAge',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_MAX_AGE',
    project: 'down',
    about: 'a good backup younger than this is enough when a container is recreated',
  },
  {
    key: 'preflight.patience',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_PATIENCE',
    project: 'up',
    about: 'a copy that is expected to take longer is announced, and left out where nothing is destroyed',
  },
  {
    key: 'preflight.maxStop',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_MAX_STOP',
    project: 'up',
    about: 'nothing is paused for longer where no data would be destroyed',
  },
  {
    key: 'preflight.dumpUpTo',
    kind: 'size',
    least: 0,
    variable: 'SAFE_COMPOSE_DUMP_UP_TO',
    project: 'up',
    about: 'databases whose files take no more are dumped as well before a command; 0: none',
  },
  {
    key: 'keep.all',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_KEEP_ALL',
    project: 'up',
    about: 'every backup is kept for so long, counted back from the newest',
  },
  {
    key: 'keep.daily',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_KEEP_DAILY',
    project: 'up',
    about: 'the last of each day',
  },
  {
    key: 'keep.weekly',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_KEEP_WEEKLY',
    project: 'up',
    about: 'the last of each week, which begins on Monday',
  },
  {
    key: 'keep.monthly',
    kind: 'duration',
    least: 0,
    variable: 'SAFE_COMPOSE_KEEP_MONTHLY',
    project: 'up',
    about: 'the last of each month',
  },
  {
    key: 'keep.last',
    kind: 'count',
    least: 1,
    variable: 'SAFE_COMPOSE_KEEP_LAST',
    project: 'up',
    about: 'so many of the newest are kept in any case',
  },
  {
    key: 'keep.size',
    kind: 'size',
    least: 0,
    variable: 'SAFE_COMPOSE_KEEP_SIZE',
    project: 'up',
    about: 'of what is copied before commands, the oldest go when that of one project takes more',
  },
  {
    key: 'notify.staleAfter',
    kind: 'duration',
    least: 60_000,
    variable: 'SAFE_COMPOSE_STALE_AFTER',
    project: 'down',
    about: 'a project without a good backup that is younger is told of, once a day',
  },
] as const satisfies readonly SettingKey[]

export type SettingName = (typeof settingKeys)[number]['key']

/** Levels by rule, in a variable: `SAFE_COMPOSE_RULES=down-volumes=refuse,rm-v.script=ask`. */
export const rulesVariable = 'SAFE_COMPOSE_RULES'

/** To whom backups are encrypted, in a variable: `SAFE_COMPOSE_RECIPIENTS=age1…,age1…`. */
export const recipientsVariable = 'SAFE_COMPOSE_RECIPIENTS'

/** The file with the identity that opens them. */
export const identityVariable = 'SAFE_COMPOSE_IDENTITY_FILE'

/** The groups that a file's keys stand in, each with what may stand in it. */
export function settingGroups(): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { key } of settingKeys) {
    const [group = '', name = ''] = key.split('.')
    groups.set(group, [...(groups.get(group) ?? []), name])
  }
  return groups
}
