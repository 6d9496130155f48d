import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { openCrontab } from '../../src/adapters/schedulers/crontab.ts'
import { openLaunchd } from '../../src/adapters/schedulers/launchd.ts'
import { openSystemd } from '../../src/adapters/schedulers/systemd.ts'
import type { PlacedSchedule, Scheduler } from '../../src/model/ports.ts'
import { fakeCrontab } from '../fakes/crontab.ts'

let folder: string
let programs: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-schedulers-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  programs = join(folder, 'programs')
  await mkdir(programs)
})

const schedule: PlacedSchedule = {
  key: 'shop-1a2b3c',
  project: 'shop',
  script: '/srv/100% mine/shop.sh',
  calendar: ['*-*-* 00,06,12,18:12:00'],
  offset: 12,
}

const variables = (): Readonly<Record<string, string>> => ({ PATH: `${programs}:/usr/bin:/bin` })

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(programs, name), `#!/bin/sh\n${text}\n`)
  await chmod(join(programs, name), 0o755)
}

// ---- crontab -----------------------------------------------------------------------------------------------------

/** With a crontab program that keeps a file, and is as strict as Debian's. */
async function crontab(
  text: string | null,
): Promise<{ readonly port: Scheduler; readonly now: () => Promise<string | null> }> {
  const table = await fakeCrontab(programs, join(folder, 'table'), text)
  return { port: openCrontab(variables()), now: table }
}

test('the crontab of somebody else is the same byte for byte after install and remove', async () => {
  const theirs = 'MAILTO=ops@example.org\n\n# 100% theirs\n5 4 * * *\t/usr/bin/backup "a  b" \\% \n'
  const { port, now } = await crontab(theirs)
  expect(await port.whyNot()).toBeNull()
  expect(await port.has(schedule.key)).toBe(false)
  expect(await port.install(schedule)).toEqual(["wrote a line into this user's crontab"])
  expect(await now())
    .toBe(`# >>> safe-compose schedule shop-1a2b3c: written by \`schedule install\`, taken back by \`schedule remove\`
12,27,42,57 * * * * /bin/sh '/srv/100\\% mine/shop.sh' --if-due
# <<< safe-compose schedule shop-1a2b3c
${theirs}`)
  expect(await port.has(schedule.key)).toBe(true)
  expect(await port.install(schedule)).toEqual([])
  expect(await port.install({ ...schedule, offset: 13 })).toEqual(["changed the line in this user's crontab"])
  expect(await port.remove(schedule.key)).toEqual(["removed the line from this user's crontab"])
  expect(await now()).toBe(theirs)
  expect(await port.remove(schedule.key)).toEqual([])
})

test('bytes that are no text of ours stay what they are', async () => {
  const { port } = await crontab(null)
  const table = join(folder, 'table')
  const theirs = Buffer.from('# caf\xe9 \xff\r\n5 4 * * * a\n', 'latin1')
  await writeFile(table, theirs)
  const ours = { ...schedule, script: '/srv/für/shop.sh' }
  await port.install(ours)
  const installed = await readFile(table)
  expect(installed.subarray(-theirs.length)).toEqual(theirs)
  expect(installed.toString()).toContain("/bin/sh '/srv/für/shop.sh' --if-due")
  expect(await port.install(ours)).toEqual([])
  await port.remove(schedule.key)
  expect(await readFile(table)).toEqual(theirs)
})

test('what cannot be one line of a crontab is not written into it', async () => {
  const { port, now } = await crontab('5 4 * * * a\n')
  await expect(port.install({ ...schedule, script: '/srv/a\n* * * * * b/shop.sh' })).rejects.toMatchObject({
    failure: { reason: 'not-possible', how: 'set XDG_STATE_HOME to another folder' },
  })
  expect(await now()).toBe('5 4 * * * a\n')
})

test('where there was no crontab there is none again', async () => {
  const { port, now } = await crontab(null)
  expect(await port.whyNot()).toBeNull()
  await port.install(schedule)
  expect(await now()).toContain('shop.sh')
  await port.remove(schedule.key)
  expect(await now()).toBeNull()
})

test('a crontab whose last line is not ended gets its end, and can be removed though cron wants one', async () => {
  const { port, now } = await crontab('5 4 * * * a')
  await port.install(schedule)
  expect(await now()).toMatch(/\n5 4 \* \* \* a\n$/)
  await port.remove(schedule.key)
  expect(await now()).toBe('5 4 * * * a\n')
})

test('a crontab that cannot be read is never written', async () => {
  await program('crontab', 'echo "you ($1) are not allowed to use this program" >&2; exit 1')
  const port = openCrontab(variables())
  expect(await port.whyNot()).toMatch(/not allowed/)
  await expect(port.install(schedule)).rejects.toMatchObject({
    failure: {
      reason: 'not-possible',
      what: 'crontab -l failed: you (-l) are not allowed to use this program',
    },
  })
})

test('a block that somebody has torn is left as it is', async () => {
  const torn = '# >>> safe-compose schedule shop-1a2b3c: x\n5 4 * * * a\n'
  const { port, now } = await crontab(torn)
  await expect(port.install(schedule)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
  await expect(port.remove(schedule.key)).rejects.toMatchObject({
    failure: { how: 'remove what is left of them: crontab -e' },
  })
  expect(await now()).toBe(torn)
})

test('without a crontab program it says so', async () => {
  expect(await openCrontab({ PATH: programs }).whyNot()).toBe('there is no crontab program')
})

// ---- systemd -----------------------------------------------------------------------------------------------------

/** With a `systemctl` that only remembers what it was told: systemd itself must be the first process of a machine. */
async function systemd(
  fails = '',
): Promise<{ readonly port: Scheduler; readonly told: () => Promise<string> }> {
  const log = join(folder, 'told')
  await program(
    'systemctl',
    `echo "$*" >>'${log}'; case "$*" in ${fails === '' ? 'none' : `"${fails}"`}) echo 'Unit is masked.' >&2; exit 1;; show\\ *) echo @1795000000;; esac`,
  )
  const units = join(folder, 'units')
  const port = openSystemd({ kind: 'systemd', folder: units, variables: variables(), runtime: folder })
  return { port, told: () => readFile(log, 'utf8') }
}

const timer = 'safe-compose-shop-1a2b3c.timer'

test('a timer of systemd is written, enabled and started; removing it leaves nothing', async () => {
  const { port, told } = await systemd()
  expect(await port.whyNot()).toBeNull()
  const changes = await port.install(schedule)
  expect(changes).toHaveLength(2)
  expect(await told()).toContain(`daemon-reload\nenable ${timer}\nrestart ${timer}\n`)
  expect(await port.has(schedule.key)).toBe(true)
  expect(await port.next(schedule.key)).toEqual(new Date(1_795_000_000_000))
  expect(await port.install(schedule)).toEqual([])
  expect(await port.install({ ...schedule, calendar: ['*-*-* 04:12:00'] })).toEqual([
    `changed ${join(folder, 'units', timer)}`,
  ])
  expect(await port.remove(schedule.key)).toHaveLength(2)
  expect(await told()).toMatch(new RegExp(`disable --now ${timer}\ndaemon-reload\n$`))
  expect(await readdir(join(folder, 'units'))).toEqual([])
  expect(await port.remove(schedule.key)).toEqual([])
})

test('a timer that cannot be enabled leaves everything as it was', async () => {
  const { port } = await systemd()
  await port.install(schedule)
  const before = await readFile(join(folder, 'units', timer), 'utf8')
  const { port: failing } = await systemd(`enable ${timer}`)
  await expect(failing.install({ ...schedule, calendar: ['*-*-* 04:12:00'] })).rejects.toMatchObject({
    failure: { reason: 'not-possible', what: `systemctl enable ${timer} failed: Unit is masked.` },
  })
  expect(await readFile(join(folder, 'units', timer), 'utf8')).toBe(before)
})

test('the units are what systemd itself takes, where it can be asked', async () => {
  const { port } = await systemd()
  await port.install({ ...schedule, calendar: ['*-*-13 04:12:00', 'Fri *-*-* 04:12:00'] })
  const verified = spawnSync(
    'systemd-analyze',
    [
      'verify',
      ...['timer', 'service'].map(kind => join(folder, 'units', `safe-compose-shop-1a2b3c.${kind}`)),
    ],
    { encoding: 'utf8' },
  )
  const isMissing = verified.error !== undefined
  expect(isMissing ? '' : verified.stderr).not.toMatch(
    /safe-compose-shop.*(Failed|Unknown|ignoring|Invalid|Refusing)/i,
  )
  expect(isMissing ? 0 : verified.status).toBe(0)
})

test('where systemd does not run it says so', async () => {
  const port = openSystemd({ kind: 'systemd', folder, variables: variables(), runtime: join(folder, 'no') })
  expect(await port.whyNot()).toBe('systemd does not run here')
})

// ---- launchd -----------------------------------------------------------------------------------------------------

test('an agent of launchd is loaded from its file, and nothing of it stays', async () => {
  const log = join(folder, 'told')
  await program('launchctl', `echo "$*" >>'${log}'`)
  const agents = join(folder, 'agents')
  const port = openLaunchd({ folder: agents, user: 501, variables: variables() })
  const file = join(agents, 'safe-compose.shop-1a2b3c.plist')
  expect(await port.install(schedule)).toEqual([`wrote ${file}`])
  expect(await readFile(log, 'utf8')).toContain(`bootstrap gui/501 ${file}`)
  expect(await port.has(schedule.key)).toBe(true)
  expect(await port.remove(schedule.key)).toEqual([`removed ${file}`])
  expect(await readFile(log, 'utf8')).toContain('bootout gui/501/safe-compose.shop-1a2b3c')
  expect(await port.has(schedule.key)).toBe(false)
})
