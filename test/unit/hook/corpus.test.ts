import { describe, expect, test } from 'vitest'
import { openShellReader } from '../../../src/adapters/shell/read-shell.ts'
import { hook } from '../../../src/commands/hook.ts'
import { hookReason } from '../../../src/ui/hook.ts'
import { spellings } from './corpus.ts'

const dangerous = spellings('dangerous')
const harmless = spellings('harmless')
const read = await openShellReader()

/** Whether Claude Code would be told to run the line without a word. */
async function isLetThrough(command: string): Promise<boolean> {
  const input = {
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command },
    cwd: '/srv/shop',
  }
  const answer = await hook(['--agent', 'claude'], {
    readInput: async () => JSON.stringify(input),
    openReader: async () => read,
    readText: async path => (path === '/srv/shop/a.yml' ? 'services: {}\nvolumes:\n  pgdata:\n' : null),
    home: '/home/you',
    directory: '/srv/shop',
    inWords: hookReason,
  })
  expect(answer.code).toBe(0)
  return answer.stdout === ''
}

describe('spellings of our own making', () => {
  test('there are enough, each once', () => {
    expect(new Set(dangerous).size).toBe(dangerous.length)
    expect(new Set(harmless).size).toBe(harmless.length)
    expect(dangerous.length).toBeGreaterThan(300)
    expect(harmless.length).toBeGreaterThan(300)
  })

  test.each(dangerous)('stopped: %s', async line => {
    expect(await isLetThrough(line)).toBe(false)
  })

  test.each(harmless)('let through: %s', async line => {
    expect(await isLetThrough(line)).toBe(true)
  })
})
