const written = '# Written by `safe-compose schedule install`; `safe-compose schedule remove` takes it back.'

/** The name of the units of a schedule, without their endings. */
export function unitName(key: string): string {
  return `safe-compose-${key}`
}

/** The service: one run, which gives way to everything else. `system`: of the machine, not of a user. */
export function serviceUnit(about: {
  readonly project: string
  readonly script: string
  readonly system: boolean
}): string {
  const order = about.system
    ? ['Wants=network-online.target', 'After=network-online.target docker.service']
    : []
  return [
    written,
    '[Unit]',
    `Description=${plainText(`Backup of ${about.project} by safe-compose`)}`,
    ...order,
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=/bin/sh ${unitWord(about.script)}`,
    'Nice=10',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    '# Only the run itself is told to end: it puts in order what it has begun.',
    'KillMode=mixed',
    'TimeoutStopSec=5min',
    '',
  ].join('\n')
}

/** The timer: a run that was missed while the machine was off is made up for at the next start. */
export function timerUnit(about: {
  readonly project: string
  /** Calendar events, in the machine's own time. */
  readonly calendar: readonly string[]
}): string {
  return [
    written,
    '[Unit]',
    `Description=${plainText(`Backups of ${about.project} by safe-compose`)}`,
    '',
    '[Timer]',
    ...about.calendar.map(event => `OnCalendar=${event}`),
    'Persistent=true',
    'RandomizedDelaySec=5min',
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n')
}

/** A word of a command line in a unit: `%` and `$` would be replaced, and a line break would end it. */
function unitWord(word: string): string {
  const plain = word.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
  return `"${plain.replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

function plainText(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('%', '%%')
    .replace(/\\$/, '')
}
