import { expect, test } from 'vitest'
import { dockerContextSwitched } from '../../../src/core/rules/docker-context-switched.ts'
import { typedToDocker } from '../../fakes/docker-line.ts'
import { aLedger, aProject, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const leftBehind = aLedger({ db: ['shop_data:/data'] }, { engine: 'engine-0', host: 'unix:///other.sock' })
const line = 'docker context use other'
const empty = typedToDocker(line, aProject(), { leftBehind })

test('found: the other engine does not have the volumes of this directory', () => {
  const [finding] = expectFound(dockerContextSwitched, empty, { shop_data: 'hidden' })
  expect(finding?.because).toBe(
    'the data of project shop (shop_data) is on the engine at unix:///other.sock; the engine of context other does not have it',
  )
  expect(finding?.warning).toBe(true)
})

test('quiet: it has them, or nothing is remembered of this directory', () => {
  const there = aProject({ volumes: [aVolume('shop_data')] })
  expectQuiet(dockerContextSwitched, typedToDocker(line, there, { leftBehind }), empty)
  expectQuiet(dockerContextSwitched, typedToDocker(line, aProject()), empty)
})
