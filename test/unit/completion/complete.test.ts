import { describe, expect, test } from 'vitest'
import { completeLine, completionText, infoOf } from '../../../src/core/completion/complete.ts'
import { ownWords } from '../../../src/core/own-words.ts'
import { vocabulary } from '../../../src/ui/help.ts'

const words = vocabulary(['down-volumes', 'drift'])

function offered(...line: string[]): readonly string[] {
  return completeLine(line, words).candidates.map(({ word }) => word)
}

function handedOn(...line: string[]): readonly string[] | null {
  return completeLine(line, words).handOn
}

describe('before the command', () => {
  test('our words and Compose’s are offered, options only when one is begun', () => {
    expect(offered('')).toEqual(Object.keys(ownWords))
    expect(offered('back')).toEqual(['backup', 'backups'])
    expect(handedOn('-f', 'a.yaml', '')).toEqual(['-f', 'a.yaml', ''])
    expect(offered('--safe-d')).toEqual(['--safe-dry-run'])
    expect(handedOn('--pro')).toEqual(['--pro'])
  })

  test('our own options stay here', () => {
    expect(handedOn('--safe-yes', '--safe-store', 'x', '-p', 'shop', 'u')).toEqual(['-p', 'shop', 'u'])
    expect(offered('--safe-allow', 'do')).toEqual(['down-volumes'])
    expect(completeLine(['--safe-store', ''], words)).toMatchObject({ files: true, handOn: null })
  })

  test('the value of an option of Compose’s is for Compose', () => {
    expect(offered('--file', '')).toEqual([])
    expect(handedOn('--safe-yes', '--file', '')).toEqual(['--file', ''])
    expect(handedOn('-p', 'compose', 'p')).toEqual(['-p', 'compose', 'p'])
  })
})

describe('after the command', () => {
  test('Compose’s is for Compose', () => {
    expect(offered('up', '')).toEqual([])
    expect(handedOn('--safe-verbose', '-p', 'a', 'up', '-d', 'd')).toEqual(['-p', 'a', 'up', '-d', 'd'])
    expect(handedOn('compose', 'backup', '-')).toEqual(['backup', '-'])
  })

  test('ours has its own options and words', () => {
    expect(offered('backup', '--')).toEqual(['--tag', '--pause', '--stop', '--no-dump'])
    expect(offered('schedule', '')).toEqual(['install', 'status', 'remove', 'run', 'serve'])
    expect(offered('schedule', 'install', '--e')).toEqual(['--every'])
    expect(offered('uninstall', 'p')).toEqual(['plugin', 'path'])
    expect(handedOn('backup', '')).toBeNull()
    expect(completeLine(['lint', ''], words)).toMatchObject({ candidates: [], files: true })
  })

  test('`plan` takes a line of Compose’s', () => {
    expect(offered('plan', '--')).toEqual(['--json', '--exit-code'])
    expect(handedOn('-p', 'a', 'plan', '--json', 'down', '-')).toEqual(['-p', 'a', 'down', '-'])
    expect(offered('plan', 'down', '--')).toEqual([])
  })
})

test('options and words are read from the help', () => {
  const usage = ['keys generate [FILE]', 'keys show [--json]', 'x (ID… | --all) --to DIR', 'y [a|b [--c]]']
  expect(infoOf('keys', 'about', usage)).toEqual({
    word: 'keys',
    about: 'about',
    flags: ['--json', '--all', '--to', '--c'],
    words: ['generate', 'show', 'a', 'b'],
  })
})

describe('what a shell is told', () => {
  const own = { candidates: [{ word: 'backup', about: 'take one' }], handOn: [''], files: false }

  test('is ours, then Compose’s, then what else fits', () => {
    const answer = 'build\tBuild\nps\n_activeHelp_ words\n:6\n'
    expect(completionText(own, answer)).toBe('backup\ttake one\nbuild\tBuild\nps\n:6\n')
    expect(completionText(own, null)).toBe('backup\ttake one\n:4\n')
    expect(completionText({ ...own, candidates: [], files: true }, null)).toBe(':0\n')
  })

  test('is nothing but files where Compose names their endings', () => {
    expect(completionText({ ...own, candidates: [] }, 'yaml\nyml\n:8\n')).toBe(':0\n')
    expect(completionText({ ...own, candidates: [] }, ':16\n')).toBe(':0\n')
  })
})
