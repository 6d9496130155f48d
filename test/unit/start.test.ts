import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { beforeShellLines, variablesBeforeShell } from '../../src/core/before-shell.ts'
import { isDockerLine } from '../../src/core/docker-line.ts'

describe('a docker command line that leads to Compose', () => {
  test.each([
    'compose',
    'compose up -d',
    '--context x compose up',
    '--context=x -D compose up',
    '-c compose compose ps',
    '--host tcp://x --tlsverify compose',
    '-- compose up',
    '__complete compose up',
    'help compose',
    '--debug help compose up',
  ])('%s', line => {
    expect(isDockerLine(line.split(' '))).toBe(true)
  })

  test.each(['', 'up -d', '--context compose', 'exec web compose', 'help', 'help up', '-p compose up', 'ps'])(
    'not: %s',
    line => {
      expect(isDockerLine(line.split(' ').filter(word => word !== ''))).toBe(false)
    },
  )
})

describe('variables as they were before the shell', () => {
  test('what was there comes back, what was not goes', () => {
    expect(variablesBeforeShell('PWD=/a=b\nSHLVL=2\n.')).toEqual({
      PWD: '/a=b',
      OLDPWD: null,
      SHLVL: '2',
      _: null,
    })
  })

  test('newlines in values come back', () => {
    expect(variablesBeforeShell('PWD=/a\u0001PWD=/b')['PWD']).toBe('/a\nPWD=/b')
  })

  test('are left by the same lines wherever a shell starts us', () => {
    for (const name of ['safe-compose', 'safe-docker'])
      expect(readFileSync(new URL(`../../bin/${name}.js`, import.meta.url), 'utf8')).toContain(
        `\n${beforeShellLines.join('\n')}\n`,
      )
  })

  test('nothing was there', () => {
    expect(Object.values(variablesBeforeShell('.'))).toEqual([null, null, null, null])
  })
})
