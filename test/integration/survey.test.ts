import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { surveyHost } from '../../src/adapters/host/survey.ts'
import { aDoorSurvey } from '../fakes/doors.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'safe-compose-survey-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

function survey(): ReturnType<typeof surveyHost> {
  return surveyHost({ store: join(home, 'not/there/yet'), home, doors: async () => aDoorSurvey() })
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
