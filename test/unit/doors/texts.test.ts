import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aliasLines, takesDocker } from '../../../src/core/doors/alias-lines.ts'
import { blockIn, withBlock, withoutBlock } from '../../../src/core/doors/block.ts'
import { asBytes } from '../../../src/core/doors/bytes.ts'
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

  test.each([null, '', '\n', 'alias ll=ls\n', 'alias ll=ls', 'a\r\n\r\nb\r\n', '\u00ff\u0000'])(
    'are taken back byte for byte: %j',
    text => {
      const placed = withBlock(text, lines) ?? ''
      expect(withBlock(placed, lines)).toBe(placed)
      const longer = withBlock(placed, [...lines, 'three']) ?? ''
      expect(blockIn(longer)).toContain('\nthree\n')
      for (const each of [placed, longer]) expect(withoutBlock(each, null)).toEqual({ text })
    },
  )

  test('are taken back from whatever stands there', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.constantFrom('x', '', '# y')), (text, more) => {
        expect(withoutBlock(withBlock(text, more) ?? '', null)).toEqual({ text })
      }),
    )
  })

  test('what the user adds before, after and between them stays', () => {
    const placed = withBlock('before', lines) ?? ''
    expect(withoutBlock(`${placed}after\n`, null)).toEqual({ text: 'before\nafter\n' })
    expect(withoutBlock(`new\n${placed}`, null)).toEqual({ text: 'new\nbefore' })
    const edited = placed.replace('one\n', 'one\nmine\n')
    expect(withoutBlock(edited, blockIn(placed))).toEqual({ text: 'before\nmine\n' })
    const own = withBlock(null, lines) ?? ''
    expect(withoutBlock(`${own}mine\n`, null)).toEqual({ text: 'mine\n' })
  })

  test('that have lost their end are left alone', () => {
    const torn = (withBlock('a\n', lines) ?? '').replace('# <<< safe-compose alias\n', '')
    expect(withBlock(torn, lines)).toBeNull()
    expect(withoutBlock(torn, null)).toBe('torn')
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
