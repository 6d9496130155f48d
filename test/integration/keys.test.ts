import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateKeyFile, lookAtKeyFile } from '../../src/adapters/stores/key-files.ts'
import type { Context } from '../../src/commands/context.ts'
import { generateKey, showKeys } from '../../src/commands/keys.ts'
import type { KeyFiles } from '../../src/commands/keys.ts'
import { backup } from '../../src/commands/backup.ts'
import { restore } from '../../src/commands/restore.ts'
import { undo } from '../../src/commands/undo.ts'
import { guard } from '../../src/commands/guard.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Policy } from '../../src/model/decision.ts'
import { openTables } from '../../src/ui/tables.ts'
import { failure } from '../contract/store.contract.ts'
import { debianAge } from '../engine/age.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aWorld } from '../fakes/world.ts'
import type { World } from '../fakes/world.ts'

const bin = await debianAge()
const now = new Date('2026-11-23T20:15:00.000Z')
const tables = openTables({ width: null, home: null })
const shop = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'] })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
  volumes: [aVolume('shop_pgdata')],
})

let folder = ''
let printed = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-keys-'))
  printed = ''
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

async function generate(file: string, stores: readonly string[] = []): Promise<string> {
  return generateKeyFile({ file, makesFolder: false, stores, now })
}

describe('a key', () => {
  test('is what age takes, for its owner alone', async () => {
    const recipient = await generate(at('key.txt'))
    const told = execFileSync(join(bin, 'age-keygen'), ['-y', at('key.txt')], { encoding: 'utf8' })
    expect(told.trim()).toBe(recipient)
    expect(statSync(at('key.txt')).mode & 0o777).toBe(0o600)
    expect(readFileSync(at('key.txt'), 'utf8')).toContain(`# public key: ${recipient}\n`)
    expect(await lookAtKeyFile(at('key.txt'))).toEqual({ recipients: [recipient], isOpenToOthers: false })
  })

  test('is never written over a file', async () => {
    writeFileSync(at('key.txt'), 'the only one')
    await expect(failure(generate(at('key.txt')))).resolves.toMatchObject({
      reason: 'not-possible',
      what: expect.stringContaining('is there already') as string,
      // Without its name, `keys show` knows only the one of the configuration.
      how: expect.stringContaining(
        `SAFE_COMPOSE_IDENTITY_FILE=${at('key.txt')} safe-compose keys show`,
      ) as string,
    })
    expect(readFileSync(at('key.txt'), 'utf8')).toBe('the only one')
  })

  test('is never written where backups are kept, not by a link either', async () => {
    mkdirSync(at('store/inside'), { recursive: true })
    symlinkSync(at('store'), at('link'))
    for (const file of ['store/key.txt', 'store/inside/key.txt', 'link/key.txt', 'link/inside/key.txt'])
      await expect(failure(generate(at(file), [at('elsewhere'), at('store')]))).resolves.toMatchObject({
        reason: 'not-possible',
        what: expect.stringContaining('where backups are kept') as string,
      })
    await expect(failure(generate(at('store/key.txt'), [at('link')]))).resolves.toMatchObject({
      reason: 'not-possible',
    })
    expect(readdirSync(at('store'))).toEqual(['inside'])
    await generate(at('store-key.txt'), [at('store')])
  })

  test('needs a folder that is there, if it was named', async () => {
    await expect(failure(generate(at('usb/key.txt')))).resolves.toMatchObject({
      reason: 'not-possible',
      what: expect.stringContaining('cannot be written') as string,
    })
    await generateKeyFile({ file: at('config/key.txt'), makesFolder: true, stores: [], now })
    expect(statSync(at('config')).mode & 0o777).toBe(0o700)
  })

  test('a file that is none says why, and nothing of what stands in it', async () => {
    writeFileSync(at('words.txt'), 'my diary\n')
    writeFileSync(at('torn.txt'), 'AGE-SECRET-KEY-1QQQQ\n')
    expect((await lookAtKeyFile(at('none.txt'))).recipients).toBe(`there is no file ${at('none.txt')}`)
    expect((await lookAtKeyFile(at('words.txt'))).recipients).toBe(
      `${at('words.txt')} holds no identity (a line AGE-SECRET-KEY-1…)`,
    )
    const torn = await lookAtKeyFile(at('torn.txt'))
    expect(torn).toEqual({
      recipients: `${at('torn.txt')} holds an identity that is not whole`,
      isOpenToOthers: true,
    })
  })
})

const files = (): KeyFiles => ({
  usual: at('config/identity.txt'),
  generate: generateKeyFile,
  look: lookAtKeyFile,
  resolve: file => at(file),
})

/** A store that opens nothing. */
function sealedWorld(encrypt: Policy['encrypt']): { world: World; context: Context } {
  const world = aWorld({
    facts: shop,
    policy: { encrypt },
    composeDoes: (within, argv) => {
      if (argv.includes('-v')) within.volumes.splice(0)
      return 0
    },
  })
  world.on.set('publish', () => {
    world.on.set('open', () => {
      throw new Stop({
        reason: 'no-identity',
        id: 'the point',
        recipients: encrypt.recipients,
        why: 'no identity',
      })
    })
  })
  const { context } = world
  const said = new Set<string>()
  const projects: Context['projects'] = {
    ...context.projects,
    firstTime: async (_, text) => !said.has(text) && said.add(text).size > 0,
  }
  const print = (text: string): void => void (printed += text)
  // What a real store writes down with each.
  const openStore: Context['openStore'] = async () => {
    const store = await context.openStore()
    const mark = { encryption: { form: 'age', recipients: encrypt.recipients } } as const
    return {
      ...store,
      begin: async (scope, id) => {
        const draft = await store.begin(scope, id)
        return { ...draft, publish: fields => draft.publish({ ...fields, ...mark }) }
      },
    }
  }
  return { world, context: { ...context, projects, print, openStore } }
}

const warnings = (world: World): readonly string[] =>
  world.events.flatMap(event => (event.type === 'warning' ? event.text : []))

describe('keys generate', () => {
  test('writes the usual file, prints what to configure, and says that a copy must be kept', async () => {
    const { world, context } = sealedWorld({ recipients: [], identityFile: null })
    expect(await generateKey(context, null, files(), tables)).toBe(0)
    const { recipients } = await lookAtKeyFile(at('config/identity.txt'))
    expect(printed).toContain(
      `  recipients: [${String(recipients)}]\n  identityFile: ${at('config/identity.txt')}\n`,
    )
    expect(printed).not.toContain('AGE-SECRET')
    expect(warnings(world).join('\n')).toContain(`keep a copy of ${at('config/identity.txt')}`)
  })
})

test('a store that does not know the recipients: said once', async () => {
  const recipient = await generate(at('key.txt'))
  const world = aWorld({ facts: shop, policy: { encrypt: { recipients: [recipient], identityFile: null } } })
  const options = { tag: null, names: [], stillness: 'online', limit: true, dumps: false } as const
  await backup(world.context, typed('ps'), options)
  expect(
    warnings(world).filter(text => text.startsWith('encrypt.recipients count for nothing')),
  ).toHaveLength(1)
})

describe('keys show', () => {
  const show = (context: Context): Promise<number> =>
    showKeys(context, typed('ps'), { json: true }, files(), tables)

  test('tells whether the identity at hand opens what is written, and the newest', async () => {
    const recipient = await generate(at('key.txt'))
    const { world, context } = sealedWorld({ recipients: [recipient], identityFile: at('key.txt') })
    expect(await show(context)).toBe(0)
    expect(JSON.parse(printed)).toEqual({
      recipients: [recipient],
      identity: { file: at('key.txt'), recipients: [recipient], isOpenToOthers: false, opensNew: true },
      newest: null,
    })
    await backup(context, typed('ps'), {
      tag: null,
      names: [],
      stillness: 'online',
      limit: true,
      dumps: false,
    })
    printed = ''
    expect(await show(context)).toBe(1)
    expect(JSON.parse(printed)).toMatchObject({ newest: { recipients: [recipient], sealed: 'no identity' } })
    expect(world.points).toHaveLength(1)
  })

  test('an identity that others can read: the command that mends it can be typed', () => {
    const identity = { file: '/mnt/my keys', recipients: [], isOpenToOthers: true, opensNew: true }
    expect(tables.keys({ recipients: [], identity, newest: null })).toContain("chmod 600 '/mnt/my keys'\n")
  })

  test('an identity of somebody else is found', async () => {
    await generate(at('other.txt'))
    const recipient = await generate(at('key.txt'))
    const { context } = sealedWorld({ recipients: [recipient], identityFile: at('other.txt') })
    expect(await show(context)).toBe(1)
    expect(JSON.parse(printed)).toMatchObject({ identity: { opensNew: false } })
  })

  test('a machine that only backs up needs none', async () => {
    const recipient = await generate(at('key.txt'))
    const { context } = sealedWorld({ recipients: [recipient], identityFile: null })
    expect(await show(context)).toBe(0)
  })
})

describe('where nothing opens the backups', () => {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

  test('it is said once, when they are made', async () => {
    const { world, context } = sealedWorld({ recipients: [recipient], identityFile: null })
    const options = { tag: null, names: [], stillness: 'online', limit: true, dumps: false } as const
    for (let time = 0; time < 2; time++) expect(await backup(context, typed('ps'), options)).toBe(0)
    expect(warnings(world)).toEqual([
      `backups are encrypted, and nothing on this machine opens them (no identity): undo, restore and verify will need the identity of ${recipient}`,
    ])
  })

  test('an identity among the backups is told of', async () => {
    const { world, context } = sealedWorld({ recipients: [recipient], identityFile: '/store/key.txt' })
    await backup(context, typed('ps'), {
      tag: null,
      names: [],
      stillness: 'online',
      limit: true,
      dumps: false,
    })
    expect(warnings(world)).toContain(
      '/store/key.txt lies where the backups are kept: whoever takes those has what opens them',
    )
  })

  test('undo and restore refuse before anything is touched', async () => {
    const { world, context } = sealedWorld({ recipients: [recipient], identityFile: null })
    await guard(context, typed('down -v'))
    expect(world.volumes).toEqual([])
    const before = world.log.length
    const refusal = { reason: 'no-identity', recipients: [recipient] }
    await expect(failure(undo(context, typed('ps'), { id: null }))).resolves.toMatchObject(refusal)
    const options = { id: null, tag: null, volume: null, to: null, from: null }
    const noForeign = () => Promise.reject(new Error('nothing foreign is opened'))
    await expect(failure(restore(context, typed('ps'), options, noForeign))).resolves.toMatchObject(refusal)
    expect(world.log.slice(before).filter(step => step !== 'prepare store')).toEqual([])
  })

  test('a restore whose safety copy could not be put back touches nothing', async () => {
    const { world, context } = sealedWorld({ recipients: [recipient], identityFile: null })
    const saved = await guardedPoint(world, context)
    world.log.splice(0)
    world.on.delete('open')
    const options = { id: saved, tag: null, volume: null, to: null, from: null }
    const noForeign = () => Promise.reject(new Error('nothing foreign is opened'))
    await expect(failure(restore(context, typed('ps'), options, noForeign))).resolves.toMatchObject({
      reason: 'no-identity',
    })
    expect(world.log).toContain('publish')
    expect(world.log.filter(step => /^(extract|create|remove|empty)/.test(step))).toEqual([])
    expect(world.log.slice(-2)).toEqual(['journal rolled-back', 'unlock'])
  })

  async function guardedPoint(world: World, context: Context): Promise<string> {
    await backup(context, typed('ps'), {
      tag: null,
      names: [],
      stillness: 'online',
      limit: true,
      dumps: false,
    })
    return world.points[0]?.id ?? ''
  }
})
