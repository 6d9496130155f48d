import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { GaveUp, watchPatience } from '../../src/adapters/stores/restic/patience.ts'
import { reasonForRetry, saysRetry, sentenceOf } from '../../src/adapters/stores/restic/said.ts'
import { isNewEnough, versionIn } from '../../src/adapters/stores/restic/version.ts'

describe('the version', () => {
  test.each([
    ['restic 0.19.1 compiled with go1.26.4 on linux/amd64\n', '0.19.1'],
    ['restic 0.17.1-dev (compiled manually) compiled with go1.23', '0.17.1'],
    ['sh: restic: not found', null],
  ])('is read in %j', (text, version) => {
    expect(versionIn(text)).toBe(version)
  })

  test.each([
    ['0.14.0', false],
    ['0.16.5', false],
    ['0.17.0', false],
    ['0.17.1', true],
    ['0.18.0', true],
    ['1.0.0', true],
  ])('%s is new enough: %s', (version, enough) => {
    expect(isNewEnough(version)).toBe(enough)
  })
})

describe('what restic said', () => {
  test('is the first complaint, not that it gave up then', () => {
    const lines = [
      '{"message_type":"error","error":{"message":"failed to save /x: Fatal: command failed: exit status 1"},"during":"archival"}',
      '{"message_type":"exit_error","code":130,"message":"Fatal: unable to save snapshot: context canceled"}',
    ]
    expect(sentenceOf(lines, [])).toBe('failed to save /x: command failed: exit status 1')
  })

  test('is one line of the last word where there is no complaint', () => {
    const last =
      '{"message_type":"exit_error","code":10,"message":"Fatal: repository does not exist\\nIs there a repository?"}'
    expect(sentenceOf(['something plain', last], [])).toBe('repository does not exist')
  })

  test('is plain text where there is no JSON', () => {
    expect(sentenceOf(['unknown flag: --x'], [])).toBe('unknown flag: --x')
    expect(sentenceOf([], [])).toBe('')
  })

  test('is the full disk above all', () => {
    const lines = [
      'Save(<data/1>) failed: write: no space left on device',
      '{"message_type":"error","error":null}',
    ]
    expect(sentenceOf(lines, [])).toContain('no space left on device')
  })

  test('holds no secret', () => {
    const lines = ['cannot reach http://ann:geheim@host/ with key abcd1234']
    expect(sentenceOf(lines, ['abcd1234'])).toBe('cannot reach http://ann:***@host/ with key ***')
  })

  test('why it tries again is told when it never comes to an end', () => {
    const line =
      'Stat(<config/>) returned error, retrying after 1.4s: Head "http://u:***@h/config": dial tcp: connection refused'
    expect(saysRetry(line)).toBe(true)
    expect(reasonForRetry([line, 'Fatal: context canceled'], [])).toBe(
      'Head "http://u:***@h/config": dial tcp: connection refused',
    )
    expect(reasonForRetry(['Fatal: wrong password'], [])).toBeNull()
  })
})

describe('patience', () => {
  const never = new Promise<never>(() => {})

  test('ends what says nothing for too long', async () => {
    let ended = 0
    const watch = watchPatience({ silence: 50, retries: 10 }, () => ended++)
    await expect(watch.waitFor(never)).rejects.toThrow(GaveUp)
    expect(ended).toBe(1)
  })

  test('is shorter once restic tries again, and as long as before when it gets on', async () => {
    const watch = watchPatience({ silence: 10_000, retries: 50 }, () => {})
    const waiting = watch.waitFor(never)
    watch.retrying()
    await expect(waiting).rejects.toThrow(GaveUp)
    expect(await watch.waitFor(setTimeout(10, 'done'))).toBe('done')
    expect(await watch.waitFor(setTimeout(100, 'done'))).toBe('done')
  })

  test('does not run while nothing is waited for', async () => {
    let ended = 0
    const watch = watchPatience({ silence: 30, retries: 30 }, () => ended++)
    await watch.waitFor(Promise.resolve())
    await setTimeout(100)
    expect(ended).toBe(0)
  })
})
