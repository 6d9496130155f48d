import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { surveyHost } from '../../src/adapters/host/survey.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'safe-compose-survey-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

function survey(): ReturnType<typeof surveyHost> {
  return surveyHost({ store: join(home, 'not/there/yet'), home, root: join(home, 'package') })
}

test('a timer of the user that takes backups is found, another is not', async () => {
  const units = join(home, '.config/systemd/user')
  await mkdir(units, { recursive: true })
  await writeFile(join(units, 'other.service'), 'ExecStart=/usr/bin/backup\n')
  expect((await survey()).schedules ?? []).not.toContain(join(units, 'other.service'))
  await writeFile(join(units, 'shop.service'), 'ExecStart=/usr/bin/safe-compose -f /srv/shop.yaml backup\n')
  expect((await survey()).schedules).toContain(join(units, 'shop.service'))
})

test('room is that of the nearest folder that is there', async () => {
  expect((await survey()).free).toBeGreaterThan(0)
})

test('the plugin is ours when it leads to our package, or is a script that starts us', async () => {
  const plugins = join(home, '.docker/cli-plugins')
  const plugin = join(plugins, 'docker-compose')
  await mkdir(join(home, 'package/bin'), { recursive: true })
  await mkdir(plugins, { recursive: true })
  expect((await survey()).pluginIsOurs).toBe(false)
  await writeFile(plugin, '\u007FELF safe-compose')
  expect((await survey()).pluginIsOurs).toBe(false)
  await writeFile(plugin, '#!/bin/sh\nexec safe-compose "$@"\n')
  expect((await survey()).pluginIsOurs).toBe(true)
  await rm(plugin)
  await writeFile(join(home, 'package/bin/x.js'), '')
  await symlink(join(home, 'package/bin/x.js'), plugin)
  expect((await survey()).pluginIsOurs).toBe(true)
})
