import { expect, test } from 'vitest'
import { dockerVolumeRecreated } from '../../../src/core/rules/docker-volume-recreated.ts'
import { typedToDocker } from '../../fakes/docker-line.ts'
import { aProject, aVolume, madeAt } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const facts = aProject()
const remembered = {
  name: 'data',
  createdAt: madeAt,
  driver: 'local',
  options: { type: 'none', o: 'bind', device: '/srv/data' },
  restorePoint: '20261123T201500Z-manual',
}
const typed = (line: string, at = facts): ReturnType<typeof typedToDocker> =>
  typedToDocker(line, at, { remembered })
const other = typed('docker volume create data')

test('found: other options, another driver', () => {
  const [finding] = expectFound(dockerVolumeRecreated, other, { data: 'hidden' })
  expect(finding?.because).toBe(
    'data is in restore point 20261123T201500Z-manual as a volume of driver local with device=/srv/data, o=bind, type=none; the new one would be of driver local without options',
  )
  expect(finding?.warning).toBe(true)
  expectFound(dockerVolumeRecreated, typed('docker volume create -d nfs data'), { data: 'hidden' })
})

test('quiet: the same again, one that stands, none that is remembered', () => {
  const same = 'docker volume create -o type=none -o o=bind --opt device=/srv/data data'
  expectQuiet(dockerVolumeRecreated, typed(same), other)
  expectQuiet(dockerVolumeRecreated, typed(other.line, aProject({ volumes: [aVolume('data')] })), other)
  expectQuiet(dockerVolumeRecreated, typedToDocker(other.line, facts), other)
})
