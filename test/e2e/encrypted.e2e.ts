import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scenario } from './scenario.ts'

const compose = `
services:
  cache:
    image: redis:7
    command: redis-server --save 1 1
    volumes: [data:/data]
volumes:
  data:
`

test('what is deleted must come back by the identity, and nothing may be touched without it', async () => {
  const project = await scenario(compose)
  const identity = join(project.directory, 'key.txt')
  const made = await project.safe(['keys', 'generate', identity])
  const recipients = { SAFE_COMPOSE_RECIPIENTS: /age1\w+/.exec(made.stdout)?.[0] ?? '' }
  const both = { ...recipients, SAFE_COMPOSE_IDENTITY_FILE: identity }
  await project.bare(['up', '-d'])
  await project.inside('cache', 'until redis-cli set greeting hello; do sleep 0.1; done; redis-cli save')

  const down = await project.safe(['down', '-v'], { variables: recipients })
  expect(down.code, down.stderr).toBe(0)
  expect(down.stderr).toContain('nothing on this machine opens them (no identity is named on this machine)')
  expect(await project.volumes()).toEqual([])

  const refused = await project.safe(['undo'], { variables: recipients })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`it is encrypted to ${recipients.SAFE_COMPOSE_RECIPIENTS}`)
  expect(await project.volumes()).toEqual([])

  const read = await project.safe(['verify', '--level', 'read'], { variables: recipients })
  expect(read.code, read.stderr).toBe(0)
  expect(read.stdout).toContain('as it was written; encrypted, and not looked into')

  const undone = await project.safe(['undo'], { variables: both })
  expect(undone.code, undone.stderr).toBe(0)
  expect(
    await project.inside(
      'cache',
      'until redis-cli ping | grep -q PONG; do sleep 0.1; done; redis-cli get greeting',
    ),
  ).toBe('hello')

  const booted = await project.safe(['verify'], { variables: both })
  expect(booted.code, booted.stdout + booted.stderr).toBe(0)
  expect(booted.stdout).toContain('came up')
})
