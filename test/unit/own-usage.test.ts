import { describe, expect, test } from 'vitest'
import { formsOf, helpAsked, ownOptions, ownUsage } from '../../src/core/own-usage.ts'
import { allOwnWords } from '../../src/core/own-words.ts'
import type { OwnWord } from '../../src/core/own-words.ts'
import { wordHelp } from '../../src/ui/help.ts'

describe.each(allOwnWords)('%s', word => {
  test('each option of its forms is explained, and no other', () => {
    const named = new Set(ownUsage[word].join(' ').match(/--[a-z][a-z-]*/g))
    expect(Object.keys(ownOptions[word] ?? {}).toSorted()).toEqual([...named].toSorted())
  })

  test('its help fits a terminal, and shows each form whole', () => {
    const help = wordHelp(word)
    expect(help.split('\n').every(line => line.length <= 110)).toBe(true)
    const unfolded = help.replaceAll(/\n +(?=[[(|-])/g, ' ')
    for (const form of ownUsage[word]) expect(unfolded).toContain(`safe-compose ${form}`)
  })
})

test.each<[OwnWord, readonly string[], OwnWord | null]>([
  ['backup', ['--help'], 'backup'],
  ['backup', ['-h'], 'backup'],
  ['backup', ['--tag', 'x', '--help'], 'backup'],
  ['backup', ['--', '--help'], null],
  ['backup', ['help'], null],
  ['schedule', ['install', '--help'], 'schedule'],
  ['plan', ['--help'], 'plan'],
  ['plan', ['--json', '--help'], 'plan'],
  ['plan', ['run', 'app', '--help'], null],
  ['help', [], 'help'],
  ['help', ['recover'], 'recover'],
  ['help', ['up'], 'help'],
])('%s %j asks for the help of %s', (word, rest, page) => {
  expect(helpAsked(word, rest)).toBe(page)
})

test('a wrong option is answered with the forms of what was typed', () => {
  expect(formsOf('schedule status')).toEqual(['schedule status [--json]'])
  expect(formsOf('recover')).toEqual(ownUsage.recover)
  expect(formsOf('schedule')).toEqual(ownUsage.schedule)
  expect(formsOf('up')).toEqual([])
})
