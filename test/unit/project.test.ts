import { describe, expect, test } from 'vitest'
import { readInvocation } from '../../src/core/invocation.ts'
import { directoryIfAny, locateProject, projectNameV1, targetOf } from '../../src/core/project.ts'
import type { ProjectPlace } from '../../src/core/project.ts'
import type { ComposeForm, Invocation } from '../../src/model/invocation.ts'

function line(words: string, form: ComposeForm = 'plugin', version = '2.40.3'): Invocation {
  const typed = words.split(' ').filter(word => word !== '')
  return readInvocation({ argv: form === 'plugin' ? ['compose', ...typed] : typed, form, version })
}

function locate(
  invocation: Invocation,
  files: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
  directory = '/srv/shop',
): Promise<ProjectPlace> {
  return locateProject(invocation, variables, directory, path => Promise.resolve(files[path] ?? null))
}

describe('the files', () => {
  test.each<[string, string, Record<string, string>, Record<string, string>, string[], string]>([
    ['found', 'up', { '/srv/shop/compose.yaml': '' }, {}, ['/srv/shop/compose.yaml'], '/srv/shop'],
    [
      'in the order of the names',
      'up',
      {
        '/srv/shop/docker-compose.yml': '',
        '/srv/shop/compose.yml': '',
        '/srv/shop/docker-compose.yaml': '',
      },
      {},
      ['/srv/shop/compose.yml'],
      '/srv/shop',
    ],
    [
      'with the first override beside it',
      'up',
      {
        '/srv/shop/docker-compose.yml': '',
        '/srv/shop/compose.override.yaml': '',
        '/srv/shop/compose.override.yml': '',
        '/srv/compose.override.yml': '',
      },
      {},
      ['/srv/shop/docker-compose.yml', '/srv/shop/compose.override.yml'],
      '/srv/shop',
    ],
    ['upwards', 'up', { '/srv/compose.yaml': '', '/compose.yaml': '' }, {}, ['/srv/compose.yaml'], '/srv'],
    ['up to the root', 'up', { '/compose.yaml': '' }, {}, ['/compose.yaml'], '/'],
    ['nowhere', 'up', {}, {}, [], '/srv/shop'],
    [
      'typed, in order, without an override',
      '-f a.yaml -f ../b/./c.yaml up',
      { '/srv/shop/compose.yaml': '', '/srv/shop/compose.override.yml': '' },
      {},
      ['/srv/shop/a.yaml', '/srv/b/c.yaml'],
      '/srv/shop',
    ],
    ['in another directory', '-f /opt/x/c.yaml up', {}, {}, ['/opt/x/c.yaml'], '/opt/x'],
    ['from standard input', '-f - up', { '/srv/shop/compose.yaml': '' }, {}, [], '/srv/shop'],
    [
      'by COMPOSE_FILE',
      'up',
      { '/srv/shop/compose.yaml': '' },
      { COMPOSE_FILE: 'a.yaml:sub/b.yaml' },
      ['/srv/shop/a.yaml', '/srv/shop/sub/b.yaml'],
      '/srv/shop',
    ],
    [
      'by COMPOSE_FILE with another separator',
      'up',
      {},
      { COMPOSE_FILE: 'a.yaml;b.yaml', COMPOSE_PATH_SEPARATOR: ';' },
      ['/srv/shop/a.yaml', '/srv/shop/b.yaml'],
      '/srv/shop',
    ],
    [
      'by COMPOSE_FILE in .env',
      'up',
      { '/srv/shop/.env': 'COMPOSE_FILE="x.yaml"\n', '/srv/shop/compose.yaml': '' },
      {},
      ['/srv/shop/x.yaml'],
      '/srv/shop',
    ],
    [
      'with a directory of its own',
      '--project-directory /opt/p -f a.yaml up',
      {},
      {},
      ['/srv/shop/a.yaml'],
      '/opt/p',
    ],
    [
      'searched in that directory alone',
      '--project-directory ../p up',
      { '/srv/shop/compose.yaml': '', '/srv/p/compose.yaml': '' },
      {},
      ['/srv/p/compose.yaml'],
      '/srv/p',
    ],
  ])('%s', async (_, words, files, variables, expected, directory) => {
    const place = await locate(line(words), files, variables)
    expect(place.files).toEqual(expected)
    expect(place.directory).toBe(directory)
  })

  test('1.29 looks for its own names first', async () => {
    const files = {
      '/srv/shop/compose.yaml': '',
      '/srv/shop/docker-compose.yaml': '',
      '/srv/shop/docker-compose.yml': '',
      '/srv/shop/compose.override.yml': '',
      '/srv/shop/docker-compose.override.yml': '',
    }
    const place = await locate(line('up', 'v1', '1.29.2'), files)
    expect(place.files).toEqual(['/srv/shop/docker-compose.yml', '/srv/shop/docker-compose.override.yml'])
  })
})

describe('the variables', () => {
  const above = { '/srv/compose.yaml': '', '/srv/.env': 'COMPOSE_A=project\nCOMPOSE_B=project' }
  const both = { ...above, '/srv/shop/.env': 'COMPOSE_A=working' }

  test('the environment comes before the working directory’s .env, and that before the project’s', async () => {
    const place = await locate(line('up'), both, { COMPOSE_B: 'given' })
    expect(place.variables).toMatchObject({ COMPOSE_A: 'working', COMPOSE_B: 'given' })
    expect(place.envFileOnly).toEqual(['COMPOSE_A'])
  })

  test('before 2.27.2 only the project’s .env counts', async () => {
    const place = await locate(line('up', 'plugin', '2.26.1'), both)
    expect(place.variables).toMatchObject({ COMPOSE_A: 'project', COMPOSE_B: 'project' })
  })

  test('1.29 reads the one where the search began', async () => {
    const files = { ...both, '/srv/docker-compose.yml': '' }
    const place = await locate(line('up', 'v1', '1.29.2'), files)
    expect(place.variables['COMPOSE_A']).toBe('working')
    expect(place.variables['COMPOSE_B']).toBeUndefined()
  })

  test('typed env files replace them, the later before the earlier', async () => {
    const files = { ...both, '/srv/shop/one': 'COMPOSE_A=1\nCOMPOSE_C=1', '/two': 'COMPOSE_A=2' }
    const place = await locate(line('--env-file one --env-file /two up'), files)
    expect(place.variables).toEqual({ COMPOSE_A: '2', COMPOSE_C: '1' })
  })

  test('COMPOSE_ENV_FILES names them too, COMPOSE_DISABLE_ENV_FILE takes them away', async () => {
    const files = { ...both, '/srv/shop/one': 'COMPOSE_A=1' }
    const listed = await locate(line('up'), files, { COMPOSE_ENV_FILES: 'one,missing' })
    expect(listed.variables['COMPOSE_A']).toBe('1')
    const none = await locate(line('up'), files, { COMPOSE_DISABLE_ENV_FILE: '1' })
    expect(none.variables['COMPOSE_A']).toBeUndefined()
  })

  test('only what concerns Compose is kept, with references filled in', async () => {
    const files = {
      '/srv/shop/.env': 'SECRET=x\nSTAGE=test\nCOMPOSE_PROJECT_NAME=shop-${STAGE}\nDOCKER_HOST=y',
    }
    const place = await locate(line('up'), files)
    expect(place.variables).toEqual({ COMPOSE_PROJECT_NAME: 'shop-test', DOCKER_HOST: 'y' })
    expect(place.name).toBe('shop-test')
  })
})

describe('the name', () => {
  test.each([
    ['-p typed up', { COMPOSE_PROJECT_NAME: 'given' }, 'typed'],
    ['up', { COMPOSE_PROJECT_NAME: 'given' }, 'given'],
    ['up', {}, 'from-env'],
  ])('%s with %j', async (words, variables, name) => {
    const files = { '/srv/shop/.env': 'COMPOSE_PROJECT_NAME=from-env' }
    const place = await locate(line(words), files, variables)
    expect(place.name).toBe(name)
  })

  test('of 1.29 comes from the directory, less what is no small letter, digit, dash or underscore', async () => {
    const files = { '/srv/My Shop.v2/docker-compose.yml': '' }
    const place = await locate(line('up', 'v1', '1.29.2'), files, {}, '/srv/My Shop.v2')
    expect(projectNameV1(place, '/srv/My Shop.v2')).toBe('myshopv2')
    expect(projectNameV1({ ...place, name: 'Told' }, '/x')).toBe('told')
  })
})

describe('model or labels', () => {
  const ok = { ok: true, model: { name: 'x', services: [], volumes: [] } } as never
  const failed = { ok: false, error: 'no', code: 1 } as never
  test.each([
    ['down -v', ok, {}, 'model'],
    ['-p x down -v', ok, {}, 'labels'],
    ['-p x -f a.yaml down -v', ok, {}, 'model'],
    ['-p x up -d', ok, {}, 'model'],
    ['-p x run web', ok, {}, 'model'],
    ['-p x rm -v', ok, {}, 'labels'],
    ['down -v', failed, {}, 'model'],
    ['down -v', failed, { COMPOSE_PROJECT_NAME: 'x' }, 'labels'],
    ['down -v', ok, { COMPOSE_PROJECT_NAME: 'x' }, 'model'],
    ['up', failed, { COMPOSE_PROJECT_NAME: 'x' }, 'model'],
  ] as const)('%s', (words, answer, variables, target) => {
    expect(targetOf(line(words), answer, variables)).toBe(target)
  })

  test('an empty -p names nothing', () => {
    const invocation = readInvocation({
      argv: ['compose', '-p', '', 'down'],
      form: 'plugin',
      version: '2.40.3',
    })
    expect(targetOf(invocation, ok, {})).toBe('model')
  })

  test('1.29 knows no labels', () => {
    expect(targetOf(line('-p x down -v', 'v1', '1.29.2'), ok, {})).toBe('model')
  })
})

test('a descriptor lies in no directory of a project', () => {
  expect(['/srv/shop', '/devices', '/dev/fd', '/proc/self/fd', '/dev'].map(directoryIfAny)).toEqual([
    '/srv/shop',
    '/devices',
    null,
    null,
    null,
  ])
  expect(directoryIfAny(null)).toBeNull()
})
