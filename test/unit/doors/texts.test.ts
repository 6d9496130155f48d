import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aliasLines, startIn, takesDocker } from '../../../src/core/doors/alias-lines.ts'
import { blockIn, blockOf, withBlock, withoutBlocks } from '../../../src/core/doors/block.ts'
import { asBytes } from '../../../src/core/doors/bytes.ts'
import { knownBlocks } from '../../../src/core/doors/known-blocks.ts'
import { isShim, shimTargets } from '../../../src/core/doors/marks.ts'
import { pathAdvice } from '../../../src/core/doors/path-advice.ts'
import { pathShim, pluginShim } from '../../../src/core/doors/shims.ts'
import { fishWord } from '../../../src/core/shell-word.ts'
import { shells } from '../../../src/model/doors.ts'

const start = {
  node: "/opt/ann's node/bin/node",
  program: '/opt/safe-compose/bin/safe-compose.js',
  dockerProgram: '/opt/safe-compose/bin/safe-docker.js',
}

describe('lines in a start-up file', () => {
  const lines = ['one', 'two']
  const own = [blockOf(lines)]
  const placedIn = (text: string | null, more = lines, known: readonly string[] | null = own): string => {
    const placed = withBlock(text, more, known)
    return typeof placed === 'string' ? `not placed: ${placed}` : placed.text
  }

  test.each([null, '', '\n', 'alias ll=ls\n', 'alias ll=ls', 'a\r\n\r\nb\r\n', '\u00ff\u0000'])(
    'are taken back byte for byte: %j',
    text => {
      const placed = placedIn(text)
      expect(placedIn(placed)).toBe(placed)
      const longer = placedIn(placed, [...lines, 'three'])
      expect(blockIn(longer)).toContain('\nthree\n')
      for (const each of [placed, longer]) expect(withoutBlocks(each, null)).toEqual({ text })
      expect(withoutBlocks(placed, own)).toEqual({ text })
    },
  )

  test('are taken back from whatever stands there', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.constantFrom('x', '', '# y')), (text, more) => {
        expect(withoutBlocks(placedIn(text, more), null)).toEqual({ text })
        expect(withoutBlocks(placedIn(text, more), [blockOf(more)])).toEqual({ text })
      }),
    )
  })

  test('what the user adds before, after and around them stays', () => {
    const placed = placedIn('before')
    expect(withoutBlocks(`${placed}after\n`, own)).toEqual({ text: 'before\nafter\n' })
    expect(withoutBlocks(`new\n${placed}`, own)).toEqual({ text: 'new\nbefore' })
    const edited = placed.replace('one\n', 'mine\none\n').replace('two\n', 'two\nyours\n')
    expect(withoutBlocks(edited, own)).toEqual({ text: 'before\nmine\nyours\n' })
    expect(withoutBlocks(`${placedIn(null)}mine\n`, own)).toEqual({ text: 'mine\n' })
  })

  test('a function of the user’s between the marks keeps lines that ours have too', () => {
    const ours = ['function docker {', '  command docker "$@"', '}']
    const mine = 'function mine {\n  command docker "$@"\n}\n'
    const placed = placedIn('a\n', ours).replace('# <<<', `${mine}# <<<`)
    expect(withoutBlocks(placed, [blockOf(ours)])).toEqual({ text: `a\n${mine}` })
    const again = placedIn(placed, ['other'], [blockOf(ours)])
    expect(withoutBlocks(again, [blockOf(['other'])])).toEqual({ text: `a\n${mine}` })
  })

  test('that somebody has changed are left alone', () => {
    for (const changed of ['one\nmine\ntwo\n', 'one\n', 'one\nTWO\n', 'xone\ntwo\n', '']) {
      const text = placedIn('a\n').replace('one\ntwo\n', changed)
      expect(withBlock(text, lines, own), changed).toBe('changed')
      expect(withoutBlocks(text, own), changed).toBe('changed')
    }
  })

  test('that stand there twice are taken back twice', () => {
    const once = placedIn('a\n')
    const twice = `${once}b\n${once.slice(2)}c\n`
    expect(withoutBlocks(twice, own)).toEqual({ text: 'a\nb\nc\n' })
    expect(placedIn(twice)).toBe(`${once}b\nc\n`)
  })

  test('that have lost their end are left alone', () => {
    const torn = placedIn('a\n').replace('# <<< safe-compose alias\n', '')
    for (const text of [torn, placedIn('b\n', lines, null) + torn, torn + placedIn('b\n', lines, null)]) {
      expect(withBlock(text, lines, own)).toBe('torn')
      expect(withoutBlocks(text, own)).toBe('torn')
    }
    expect(blockIn(torn)).toBeNull()
  })
})

describe('shims', () => {
  const all = [
    pluginShim({ start, version: '1.2.3', real: null, install: 'safe-compose install plugin' }),
    pathShim('docker-compose', start, 'safe-compose install path'),
    pathShim('docker', start, 'safe-compose install path /srv/a b'),
  ]

  test('are known by their beginning, and tell what they start', () => {
    for (const text of all) {
      expect(isShim(text)).toBe(true)
      expect(shimTargets(text)?.node).toBe(start.node)
    }
    expect(all.map(text => shimTargets(text)?.program)).toEqual([
      start.program,
      start.program,
      start.dockerProgram,
    ])
    expect(isShim('#!/bin/sh\nexec safe-compose\n')).toBe(false)
    expect(shimTargets('\u007FELF')).toBeNull()
  })

  test('say how they are taken back', () => {
    expect(all[0]).toContain('taken back by `safe-compose uninstall plugin`')
    expect(all[2]).toContain(
      'Placed by `safe-compose install path /srv/a b`, taken back by `safe-compose uninstall path`',
    )
  })
})

test('functions take Compose, or all of docker', () => {
  for (const shell of shells) {
    expect(takesDocker(aliasLines(shell, start, { docker: true }).join('\n'))).toBe(true)
    const lines = aliasLines(shell, start, { docker: false }).join('\n')
    expect(takesDocker(lines)).toBe(false)
    expect(lines).not.toContain('safe-docker.js')
    expect(lines).toContain('--tlskey')
  }
})

test('functions tell what they start, and are known by it where nothing is remembered', () => {
  const odd = { ...start, program: String.raw`/srv/it's \odd/safe-compose.js` }
  for (const shell of shells)
    for (const docker of [true, false])
      for (const one of [start, odd]) {
        const block = blockOf(aliasLines(shell, one, { docker }))
        expect(startIn(shell, block)).toEqual({
          ...one,
          dockerProgram: docker ? one.dockerProgram : one.program,
        })
        expect(withoutBlocks(`${block}mine\n`, knownBlocks(block, null))).toEqual({ text: 'mine\n' })
        expect(knownBlocks(block, null)).toContain(block)
      }
  expect(startIn('bash', 'alias docker=podman')).toBeNull()
})

test('words of fish and bytes of a text', () => {
  expect(fishWord('/usr/bin/node')).toBe('/usr/bin/node')
  expect(fishWord(String.raw`it's \here`)).toBe(String.raw`'it\'s \\here'`)
  expect(asBytes('é€')).toBe(Buffer.from('é€').toString('latin1'))
})

test('what to put into cron, systemd and scripts', () => {
  const advice = pathAdvice('/srv/my shims%')
  expect(advice).toContain('PATH=/srv/my shims%:/usr/local/bin:/usr/bin:/bin\n')
  expect(advice).toContain('Environment="PATH=/srv/my shims%%:/usr/local/sbin:')
  expect(advice).toContain(`PATH='/srv/my shims%':"$PATH"; export PATH`)
})
