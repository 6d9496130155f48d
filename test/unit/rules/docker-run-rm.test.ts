import { describe, expect, test } from 'vitest'
import { runsStore } from '../../../src/core/docker/runs-store.ts'
import { dockerRunRm } from '../../../src/core/rules/docker-run-rm.ts'
import { dockerLine, typedToDocker } from '../../fakes/docker-line.ts'
import { aProject } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const facts = aProject()
const typed = (line: string): ReturnType<typeof typedToDocker> => typedToDocker(line, facts)
const bare = typed('docker run --rm -d --name db postgres:15')

describe('found', () => {
  test('a database whose data nothing keeps', () => {
    const [finding] = expectFound(dockerRunRm, bare, { 'db:/var/lib/postgresql/data': 'destroyed' })
    expect(finding?.because).toBe(
      '--rm deletes db when it ends, with all that it keeps at /var/lib/postgresql/data',
    )
    expect(finding?.warning).toBe(true)
  })

  test.each([
    'docker run --rm postgres:15 -c fsync=off',
    'docker run --rm -v /var/lib/postgresql/data postgres:15',
    'docker run --rm --mount type=volume,dst=/var/lib/postgresql/data postgres:15',
    'docker create --rm postgres:15',
  ])('%s', line => {
    expectFound(dockerRunRm, typed(line), { 'postgres:15:/var/lib/postgresql/data': 'destroyed' })
  })
})

describe('quiet', () => {
  test.each([
    'docker run --rm -v data:/var/lib/postgresql/data postgres:15',
    'docker run --rm -v /srv/data:/var/lib/postgresql postgres:15',
    'docker run --rm --mount type=volume,source=data,target=/var/lib/postgresql/data postgres:15',
    'docker run --rm --tmpfs /var/lib/postgresql/data:size=1g postgres:15',
    'docker run --rm --volumes-from other postgres:15',
    'docker run --rm postgres:15 psql -h db',
    'docker run --rm busybox',
    'docker run postgres:15',
  ])('%s', line => expectQuiet(dockerRunRm, typed(line), bare))

  test('only a store is worth a look at the engine', () => {
    expect(runsStore(dockerLine('docker run --rm redis:7').args)).toBe(true)
    expect(runsStore(dockerLine('docker run --rm node:22 npm test').args)).toBe(false)
  })
})
