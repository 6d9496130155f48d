import { describe, expect, test } from 'vitest'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes: { data: {} }
`

async function filled(): Promise<Scenario> {
  const project = await scenario(service)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await project.inside('keeper', 'echo kept > /data/word')
  return project
}

function type(project: Scenario, words: readonly string[]): Terminal {
  return onTerminal(process.execPath, [executable, ...words], project)
}

async function stillThere(project: Scenario): Promise<void> {
  await eventually(async () => (await project.inside('keeper', 'cat /data/word')) === 'kept', 15)
}

describe('a person at a terminal is asked before data goes', () => {
  test('Enter takes the safe default: backed up, deleted, undo brings it back', async () => {
    const project = await filled()
    const terminal = type(project, ['down', '-v'])
    await terminal.sees(`${project.name}_data`)
    await terminal.sees('What now?')
    terminal.types(keys.enter)
    await terminal.sees('saved')
    expect((await terminal.ended).code).toBe(0)
    expect(terminal.screen()).toContain('safe-compose undo')
    expect(await project.volumes()).toEqual([])
    const undo = type(project, ['undo'])
    expect((await undo.ended).code, undo.screen()).toBe(0)
    await stillThere(project)
  })

  test('the last choice stops: 122, nothing changed', async () => {
    const project = await filled()
    const terminal = type(project, ['down', '-v'])
    await terminal.sees('What now?')
    terminal.types(keys.up)
    terminal.types(keys.enter)
    expect((await terminal.ended).code, terminal.screen()).toBe(122)
    await stillThere(project)
  })

  test('Ctrl-C at the question: 130, nothing changed', async () => {
    const project = await filled()
    const terminal = type(project, ['down', '-v'])
    await terminal.sees('What now?')
    terminal.types(keys.ctrlC)
    expect((await terminal.ended).code, terminal.screen()).toBe(130)
    await stillThere(project)
  })

  test('keeping the data runs the same command without -v', async () => {
    const project = await filled()
    const terminal = type(project, ['down', '-v'])
    await terminal.sees('What now?')
    terminal.types(`${keys.down}${keys.down}`)
    terminal.types(keys.enter)
    expect((await terminal.ended).code, terminal.screen()).toBe(0)
    expect(await project.containers()).toEqual([])
    expect(await project.volumes()).toEqual([`${project.name}_data`])
  })

  test('"always" is remembered for this project: the next time nothing is asked', async () => {
    const project = await filled()
    const first = type(project, ['down', '-v'])
    await first.sees('What now?')
    first.types(keys.down)
    first.types(keys.enter)
    expect((await first.ended).code, first.screen()).toBe(0)
    expect((await project.safe(['undo'])).code).toBe(0)
    const second = type(project, ['down', '-v'])
    expect((await second.ended).code, second.screen()).toBe(0)
    expect(second.screen()).not.toContain('What now?')
    expect(second.screen()).toContain('safe-compose undo')
  })

  test('a project that changes while the question stands is looked at again', async () => {
    const project = await filled()
    const terminal = type(project, ['down', '-v'])
    await terminal.sees('What now?')
    await project.write(
      'compose.yaml',
      service
        .replace('volumes: [data:/data]', 'volumes: [data:/data, more:/more]')
        .replace('{ data: {} }', '{ data: {}, more: {} }'),
    )
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.inside('keeper', 'echo new > /more/word')
    terminal.types(keys.enter)
    await terminal.sees(`${project.name}_more`)
    await terminal.sees('What now?')
    terminal.types(keys.enter)
    expect((await terminal.ended).code, terminal.screen()).toBe(0)
    expect((await project.safe(['undo'])).code).toBe(0)
    expect(await project.inside('keeper', 'cat /more/word')).toBe('new')
    await stillThere(project)
  })
})

describe('a person may let one command of an agent through', () => {
  test('approve CODE at a terminal: exactly that command, once', async () => {
    const project = await filled()
    const agent = { variables: { CLAUDECODE: '1' } }
    const refused = await project.safe(['down', '-v'], agent)
    expect(refused.code, refused.stderr).toBe(120)
    const code = /safe-compose approve (\S+)/.exec(refused.stderr)?.[1] ?? ''
    expect(code).toMatch(/^[0-9A-Z]{2}-[0-9A-Z]{3}$/)

    const byAgent = await project.safe(['approve', code], agent)
    expect(byAgent.code, byAgent.stderr).not.toBe(0)
    expect((await project.safe(['down', '-v'], agent)).code).toBe(120)

    const person = type(project, ['approve', code])
    await person.sees(/\?/)
    person.types('y')
    person.types(keys.enter)
    expect((await person.ended).code, person.screen()).toBe(0)

    const other = await project.safe(['down', '-v', '--remove-orphans'], agent)
    expect(other.code, other.stderr).toBe(120)
    const allowed = await project.safe(['down', '-v'], agent)
    expect(allowed.code, allowed.stderr).toBe(0)
    expect(allowed.stderr).toContain('safe-compose undo')
    expect((await project.safe(['undo'], agent)).code).toBe(0)
    await stillThere(project)
    expect((await project.safe(['down', '-v'], agent)).code).toBe(120)
  })
})
