import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { globalsOf, projectsWithData } from '../../../src/core/schedule/host-projects.ts'
import { shellWord } from '../../../src/core/shell-word.ts'
import { jobScript, variablesToCarry } from '../../../src/core/schedule/job-script.ts'
import { launchdPlist } from '../../../src/core/schedule/launchd-plist.ts'
import { localTime } from '../../../src/core/schedule/local-time.ts'
import { serviceUnit, timerUnit } from '../../../src/core/schedule/systemd-units.ts'
import { aContainer } from '../../fakes/facts.ts'

const command = {
  directory: "/srv/it's shop",
  start: ['/usr/bin/node', '--', '/opt/safe-compose/bin/safe-compose.js'],
  globals: ['-p', 'shop', '-f', 'a b.yaml'],
  variables: { HOME: '/root', DOCKER_HOST: 'tcp://h:1' },
}

test('the script goes to the project, sets what a timer lacks, and starts us', () => {
  expect(jobScript('shop\nrm -rf /', command, null)).toBe(`#!/bin/sh
# The scheduled backups of project shop rm -rf /.
# Written by \`safe-compose schedule install\`; \`safe-compose schedule remove\` takes it back.
cd '/srv/it'\\''s shop' || exit 1
export HOME=/root
export DOCKER_HOST=tcp://h:1
exec /usr/bin/node -- /opt/safe-compose/bin/safe-compose.js -p shop -f 'a b.yaml' schedule run "$@"
`)
})

test('a log that cannot be written stops no run', () => {
  const script = jobScript('shop', { ...command, directory: '/', start: ['/bin/echo'] }, '/nowhere/shop.log')
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', stdio: 'pipe' })).toContain(
    'schedule run',
  )
})

test('any word is a word for the shell', () => {
  const words = fc.string({ unit: 'grapheme' }).filter(word => !word.includes('\0'))
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 20 }), list => {
      const line = `printf '%s\\0' ${list.map(shellWord).join(' ')}`
      expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })).toBe(
        list.map(word => `${word}\0`).join(''),
      )
    }),
    { numRuns: 20 },
  )
})

test('what finds the project and the engine is carried, a secret never, nor what was meant for the moment', () => {
  const { carried, secrets } = variablesToCarry({
    HOME: '/root',
    PATH: '/usr/bin',
    COMPOSE_FILE: 'a.yaml',
    DOCKER_CONTEXT: 'far',
    DOCKER_AUTH_CONFIG: '{}',
    SAFE_COMPOSE: 'off',
    SAFE_COMPOSE_STORE: '/b',
    SAFE_COMPOSE_YES: '1',
    SAFE_COMPOSE_SCHEDULE: 'x',
    RESTIC_PASSWORD: 'p',
    RESTIC_PASSWORD_FILE: '/p',
    RESTIC_REPOSITORY: 'rest:https://me:p@backup.example/shop',
    RCLONE_CONFIG_PASS: 'p',
    AZURE_ACCOUNT_SAS: 's',
    AWS_SECRET_ACCESS_KEY: 's',
    EDITOR: 'vi',
    XDG_STATE_HOME: '',
  })
  expect(carried).toEqual({
    HOME: '/root',
    PATH: '/usr/bin',
    COMPOSE_FILE: 'a.yaml',
    DOCKER_CONTEXT: 'far',
    SAFE_COMPOSE_STORE: '/b',
    RESTIC_PASSWORD_FILE: '/p',
  })
  expect(secrets).toEqual([
    'AWS_SECRET_ACCESS_KEY',
    'AZURE_ACCOUNT_SAS',
    'DOCKER_AUTH_CONFIG',
    'RCLONE_CONFIG_PASS',
    'RESTIC_PASSWORD',
    'RESTIC_REPOSITORY',
  ])
})

test('a unit takes a path as it is, whatever is in it', () => {
  const unit = serviceUnit({ project: '50%\nshop', script: '/a "b" $c 100%/x.sh', system: true })
  expect(unit).toContain('Description=Backup of 50%% shop by safe-compose\n')
  expect(unit).toContain(String.raw`ExecStart=/bin/sh "/a \"b\" $$c 100%%/x.sh"`)
  expect(unit).toContain('Type=oneshot')
  expect(serviceUnit({ project: 'shop', script: '/a\nUser=b/x.sh', system: false })).toContain(
    String.raw`ExecStart=/bin/sh "/a\nUser=b/x.sh"`,
  )
  expect(unit).toContain('After=network-online.target docker.service')
  expect(serviceUnit({ project: 'shop', script: '/x.sh', system: false })).not.toContain('docker.service')
})

test('a timer makes up for what was missed, and does not start with all others', () => {
  const unit = timerUnit({ project: 'shop', calendar: ['*-*-* 04:12:00', 'Fri *-*-* 04:12:00'] })
  expect(unit).toContain(
    'OnCalendar=*-*-* 04:12:00\nOnCalendar=Fri *-*-* 04:12:00\nPersistent=true\nRandomizedDelaySec=5min\n',
  )
})

test('an agent of launchd looks every quarter of an hour', () => {
  const plist = launchdPlist('shop-1', '/home/you/a & b/<x>.sh', 20)
  expect(plist).toContain('<key>Label</key><string>safe-compose.shop-1</string>')
  expect(plist).toContain('<string>/home/you/a &amp; b/&lt;x&gt;.sh</string>')
  expect(plist.match(/<integer>(\d+)<\/integer>/g)).toEqual(
    [5, 20, 35, 50].map(minute => `<integer>${minute}</integer>`),
  )
})

test('a moment is told by the clock of its time zone', () => {
  expect(localTime(new Date('2026-07-01T22:05:00Z'), 'Europe/Berlin')).toBe('2026-07-02 00:05')
})

test('projects that keep something are found by their containers, each once', () => {
  const mounts = ['data:/data']
  const containers = [
    aContainer('db', { configFiles: ['/srv/shop/a.yaml'], mounts }),
    aContainer('cache', { mounts }),
    aContainer('alone', { project: null, mounts }),
    aContainer('web', { project: 'web', mounts: ['/etc/web:/etc/web:ro'] }),
    aContainer('db', { project: 'bare', image: 'postgres:15' }),
    aContainer('task', { project: 'once', oneOff: true, mounts }),
  ]
  const found = projectsWithData(containers, [])
  expect(found.map(({ name }) => name)).toEqual(['bare', 'shop'])
  const shop = found.find(({ name }) => name === 'shop')
  if (shop === undefined) throw new Error('not found')
  expect(globalsOf(shop, true)).toEqual([
    '-p',
    'shop',
    '--project-directory',
    '/srv/shop',
    '-f',
    '/srv/shop/a.yaml',
  ])
  expect(globalsOf(shop, false)).toEqual(['-p', 'shop'])
})
