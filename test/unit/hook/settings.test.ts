import { describe, expect, test } from 'vitest'
import { hookedAgents } from '../../../src/core/hook/settings/index.ts'
import { readJson, valueOf } from '../../../src/core/hook/settings/json-text.ts'
import { agentNames } from '../../../src/core/hook/protocols.ts'

const program = "'/usr/bin/node' '/opt/safe-compose/bin/safe-compose.js'"
const inJson = hookedAgents.filter(({ name }) => name !== 'opencode' && name !== 'cline')
const claude = hookedAgents.find(({ name }) => name === 'claude')!

/** Files as people keep them. */
const layouts: readonly (readonly [name: string, text: string])[] = [
  ['empty', '{}'],
  ['empty with blanks', '{ }\n'],
  ['empty on two lines', '{\n}\n'],
  ['other keys', '{\n  "model": "opus",\n  "permissions": { "allow": ["Bash(ls:*)"] }\n}\n'],
  ['on one line', '{"model":"opus","env":{"A":"1"}}'],
  ['four blanks, CRLF', '{\r\n    "model": "opus",\r\n    "env": {}\r\n}\r\n'],
  ['tabs', '{\n\t"model": "opus"\n}\n'],
  ['comments', '{\n  // mine\n  "model": "opus", // the best\n  /* and */ "a": [1, 2] // last\n}\n'],
  ['a comma too many', '{\n  "model": "opus",\n}\n'],
  ['no new line at the end', '{\n  "model": "opus"\n}'],
  ['a mark at the start', '\uFEFF{\n  "model": "opus"\n}\n'],
  ['escapes', '{\n  "a\\"b": "c\\\\d // no comment",\n  "ä": "\\u00e4"\n}\n'],
  ['hooks without events', '{\n  "hooks": {}\n}\n'],
]

const withEvent = (event: string): readonly (readonly [string, string])[] => [
  ['an empty event', `{\n  "hooks": {\n    "${event}": []\n  },\n  "z": 1\n}\n`],
  ['another event', '{\n  "hooks": {\n    "Stop": [\n      { "command": "say" }\n    ]\n  }\n}\n'],
  [
    'hooks of others',
    `{\n  "version": 1,\n  "hooks": {\n    "${event}": [\n      {\n        "command": "lint"\n      }\n    ]\n  }\n}\n`,
  ],
  ['hooks of others on one line', `{"version":1,"hooks":{"${event}":[{"command":"lint"}]}}\n`],
]

const events = {
  claude: 'PreToolUse',
  codex: 'PreToolUse',
  copilot: 'preToolUse',
  cursor: 'beforeShellExecution',
  gemini: 'BeforeTool',
  windsurf: 'pre_run_command',
} as const

const cases = inJson.flatMap(agent =>
  [...layouts, ...withEvent(events[agent.name as keyof typeof events])].map(([layout, text]) => ({
    name: `${agent.name}: ${layout}`,
    agent,
    text,
  })),
)

describe('settings in JSON', () => {
  test.each(cases)('$name: placed once, the rest as it was, taken back byte for byte', ({ agent, text }) => {
    const placed = agent.place(text, program)
    expect(agent.has(text)).toBe(false)
    expect(agent.has(placed)).toBe(true)
    expect(agent.place(placed, program)).toBe(placed)
    expect(agent.takeBack(placed)).toBe(text)
    expect(agent.takeBack(text)).toBe(text)

    const before = valueOf(readJson(text)) as Record<string, unknown>
    const after = valueOf(readJson(placed)) as Record<string, unknown>
    for (const key of Object.keys(before).filter(each => each !== 'hooks'))
      expect(after[key]).toEqual(before[key])
    const list = (after['hooks'] as Record<string, unknown[]>)[events[agent.name as keyof typeof events]]!
    expect(JSON.stringify(list.at(-1))).toContain(`hook --agent ${agent.name} || exit 2`)
  })

  test.each(inJson)('$name: a file that was not there is taken away again', agent => {
    const placed = agent.place(null, program)
    expect(placed.endsWith('\n')).toBe(true)
    expect(agent.place(placed, program)).toBe(placed)
    expect(agent.takeBack(placed)).toBe(null)
  })

  test.each(inJson)('$name: what others added meanwhile stays', agent => {
    const event = events[agent.name as keyof typeof events]
    const placed = agent.place('{\n  "a": 1\n}\n', program)
    const edited = placed.replace('"a": 1', '"a": 2,\n  "b": 3')
    expect(agent.takeBack(edited)).toBe('{\n  "a": 2,\n  "b": 3\n}\n')
    const other = agent.place(null, program)
    const list = other.lastIndexOf(']')
    const more = `${other.slice(0, list).trimEnd()},\n      { "command": "other" }\n    ${other.slice(list)}`
    const left = agent.takeBack(more)
    expect((valueOf(readJson(left ?? '')) as { hooks: Record<string, unknown> }).hooks[event]).toEqual([
      { command: 'other' },
    ])
  })

  test('an older place of the program is replaced', () => {
    const placed = claude.place('{\n  "a": 1\n}\n', 'safe-compose')
    const again = claude.place(placed, program)
    expect(again).toBe(claude.place('{\n  "a": 1\n}\n', program))
  })

  test('as the agents read it', () => {
    expect(claude.place('{\n  "model": "opus" // mine\n}\n', 'safe-compose')).toBe(
      [
        '{',
        '  "model": "opus", // mine',
        '  "hooks": {',
        '    "PreToolUse": [',
        '      {',
        '        "matcher": "Bash",',
        '        "hooks": [',
        '          {',
        '            "type": "command",',
        '            "command": "safe-compose hook --agent claude || exit 2",',
        '            "timeout": 10',
        '          }',
        '        ]',
        '      }',
        '    ]',
        '  }',
        '}',
        '',
      ].join('\n'),
    )
  })

  test.each(['{', '{"a":}', 'null', '[]', '{"hooks":[]}', '{"hooks":{"PreToolUse":{}}}', '{} x', 'a: 1'])(
    '%s is left alone, with the reason',
    text => {
      expect(() => claude.place(text, program)).toThrow(
        expect.objectContaining({ failure: expect.objectContaining({ reason: 'not-possible' }) }),
      )
    },
  )

  test('where it is no JSON is told', () => {
    expect(() => readJson('{\n  "a": 1\n  "b": 2\n}')).toThrow('there is no , at line 3, column 3')
    expect(() => readJson('{"a": "x')).toThrow('there is no value at line 1, column 7')
  })
})

describe('files of our own', () => {
  test.each(['opencode', 'cline'])(
    '%s: placed, replaced, taken away; what is of another make stays',
    name => {
      const agent = hookedAgents.find(each => each.name === name)!
      const placed = agent.place(null, program)
      expect(placed).toContain(`hook --agent ${name}`)
      expect(agent.place(agent.place(null, 'safe-compose'), program)).toBe(placed)
      expect(agent.has(placed)).toBe(true)
      expect(agent.takeBack(placed)).toBe(null)
      expect(agent.takeBack('#!/bin/sh\n')).toBe('#!/bin/sh\n')
      expect(() => agent.place('#!/bin/sh\n', program)).toThrow(
        expect.objectContaining({ failure: expect.objectContaining({ reason: 'not-possible' }) }),
      )
    },
  )
})

test('every agent whose protocol is spoken can be told of the hook', () => {
  expect(hookedAgents.map(({ name }) => name).toSorted()).toEqual([...agentNames].toSorted())
  for (const { files } of hookedAgents) {
    const { user, project } = files({ home: '/home/you', project: '/srv/shop' })
    expect(user).toMatch(/^\/home\/you\/[.D]/)
    expect(project).toMatch(/^\/srv\/shop\/\./)
  }
})
