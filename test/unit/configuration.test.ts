import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { findConfiguration } from '../../src/adapters/configuration/find-configuration.ts'
import { readSafeOptions } from '../../src/core/options.ts'
import { defaultPolicy, loosenedBy, settingsFrom } from '../../src/core/policy.ts'
import type { Settings } from '../../src/core/policy.ts'
import { rules } from '../../src/core/rules/index.ts'
import { settingKeys } from '../../src/core/setting-keys.ts'
import type { TrustState } from '../../src/core/trust.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Audience, Policy } from '../../src/model/decision.ts'

const knownRules = rules.filter(({ id }) => ['down-volumes', 'rm-v', 'stateful-recreate'].includes(id))

let home: string
let project: string

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'safe-compose-config-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  home = join(folder, 'home')
  project = join(folder, 'shop')
  await write(join(project, 'compose.yaml'), 'services: {}\n')
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
const recipientHow = 'write the public key of a pair that safe-compose keys generate made: age1…'
const criticalExample = '- { service: db, database: app, query: "select count(*) from orders", min: 1 }'

const userFile = (): string => join(home, '.config', 'safe-compose', 'config.yaml')
const projectFile = (): string => join(project, '.safe-compose.yaml')

interface From {
  readonly argv?: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
  readonly configHome?: string
  readonly composeFiles?: readonly string[]
  readonly audience?: Audience['kind']
  readonly trust?: TrustState
}

async function settings(from: From = {}): Promise<Settings> {
  const { variables = {} } = from
  const read = readSafeOptions(from.argv ?? [], variables)
  const { options } = read
  const sources = await findConfiguration({
    configHome: from.configHome ?? null,
    home,
    chosen: options.config,
    directory: project,
    composeFiles: from.composeFiles ?? ['compose.yaml'],
    projectDirectory: project,
  })
  return settingsFrom({
    sources,
    options: read,
    variables,
    audience: from.audience ?? 'script',
    trust: () => from.trust ?? 'untrusted',
    disposable: null,
    home,
    directory: project,
    knownRules,
  })
}

async function policy(from: From = {}): Promise<Policy> {
  return (await settings(from)).policy
}

async function failure(from: From = {}): Promise<unknown> {
  const result = await policy(from).catch((error: unknown) => error)
  if (result instanceof Stop) return result.failure
  throw new Error(`not a failure: ${JSON.stringify(result)}`)
}

describe('what is in force', () => {
  test('nothing said: six hours, a minute, ten seconds, seven days, three, 20 GB', async () => {
    expect(await policy()).toEqual(defaultPolicy)
    expect(defaultPolicy).toMatchObject({
      maxAge: 21_600_000,
      patience: 60_000,
      maxStop: 10_000,
      keep: { all: days(7), daily: days(30), weekly: days(90), monthly: days(365), last: 3, bytes: 20e9 },
    })
  })

  test('the user, then the project, then the environment, then flags', async () => {
    await write(
      userFile(),
      'store: ~/backups\nrules:\n  down-volumes: back-up\n  rm-v: off\npreflight: { maxAge: 2h, patience: 2m, maxStop: 0 }\nkeep: { all: 14d, size: 5GB }\n',
    )
    await write(
      projectFile(),
      'rules: { down-volumes: refuse }\npreflight: { maxAge: 1h }\nkeep: { last: 5 }\n',
    )
    expect(await policy()).toEqual({
      ...defaultPolicy,
      store: `${home}/backups`,
      rules: { 'down-volumes': 'refuse', 'rm-v': 'off' },
      maxAge: 3_600_000,
      patience: 120_000,
      maxStop: 0,
      keep: { ...defaultPolicy.keep, all: days(14), last: 5, bytes: 5e9 },
    })
    const variables = { SAFE_COMPOSE_STORE: '/from/variable', SAFE_COMPOSE_YES: '1' }
    expect(await policy({ variables })).toMatchObject({ store: '/from/variable', yes: true })
    expect(await policy({ variables, argv: ['--safe-store', 'here', '--safe-yes=0'] })).toMatchObject({
      store: `${project}/here`,
      yes: false,
    })
  })

  test('$XDG_CONFIG_HOME, and --safe-config instead of the file of the user', async () => {
    const configHome = join(home, 'elsewhere')
    await write(join(configHome, 'safe-compose', 'config.yaml'), 'keep: { all: 1d }\n')
    await write(userFile(), 'keep: { all: 2d }\n')
    await write(join(project, 'mine.yaml'), 'keep: { all: 3d }\n')
    expect((await policy({ configHome })).keep.all).toBe(days(1))
    expect((await policy({ configHome: '' })).keep.all).toBe(days(2))
    expect((await policy({ argv: ['--safe-config', 'mine.yaml'] })).keep.all).toBe(days(3))
  })

  test('x-safe-compose in any Compose file counts as the project', async () => {
    await write(join(project, 'a.yml'), 'services: {}\nx-safe-compose:\n  rules: { rm-v: ask }\n')
    await write(join(project, 'b.yml'), 'services: {}\nx-safe-compose:\n  preflight: { maxAge: 30m }\n')
    expect(await policy({ composeFiles: ['a.yml', 'b.yml'] })).toMatchObject({
      rules: { 'rm-v': 'ask' },
      maxAge: 1_800_000,
    })
  })

  test('the project file lies beside the first Compose file, wherever one stands', async () => {
    await write(join(project, 'deploy', 'compose.yaml'), 'services: {}\n')
    await write(join(project, 'deploy', '.safe-compose.yaml'), 'keep: { last: 9 }\n')
    expect((await policy({ composeFiles: ['deploy/compose.yaml'] })).keep.last).toBe(9)
    expect((await policy()).keep.last).toBe(3)
  })

  test('a Compose file that is broken or only mentions the key is left to Compose', async () => {
    await write(join(project, 'broken.yml'), 'x-safe-compose: {\nservices\n')
    await write(join(project, 'mention.yml'), 'services: {} # no x-safe-compose here\n')
    expect(await policy({ composeFiles: ['broken.yml', 'mention.yml', 'missing.yml'] })).toEqual(
      defaultPolicy,
    )
  })

  test('an empty file says nothing', async () => {
    await write(userFile(), '# nothing yet\nrules:\n')
    expect(await policy()).toEqual(defaultPolicy)
  })
})

describe('a wrong file is named with line and key', () => {
  test.each<[string, string, { line: number | null; key: string | null; what: string; how: string }]>([
    [
      'an unknown key',
      'store: /x\nruless: {}\n',
      { line: 2, key: 'ruless', what: 'there is no such key', how: 'did you mean rules?' },
    ],
    [
      'an unknown key below',
      'keep:\n  all: 7d\n  colour: red\n',
      {
        line: 3,
        key: 'keep.colour',
        what: 'there is no such key',
        how: 'there are: all, daily, weekly, monthly, last, size',
      },
    ],
    [
      'an unknown rule',
      'rules:\n  down-volume: off\n',
      { line: 2, key: 'rules.down-volume', what: 'there is no such key', how: 'did you mean down-volumes?' },
    ],
    [
      'no level',
      'rules:\n  rm-v: loud\n',
      {
        line: 2,
        key: 'rules.rm-v',
        what: '"loud" is not a level',
        how: 'use one of: off, warn, back-up, ask, refuse',
      },
    ],
    [
      'nobody who asks',
      'rules:\n  rm-v:\n    person: ask\n    robot: refuse\n',
      {
        line: 4,
        key: 'rules.rm-v.robot',
        what: 'there is no such key',
        how: 'there are: person, script, agent',
      },
    ],
    [
      'no level for one who asks',
      'rules:\n  rm-v: { person: ask, script: quiet }\n',
      {
        line: 2,
        key: 'rules.rm-v.script',
        what: '"quiet" is not a level',
        how: 'use one of: off, warn, back-up, ask, refuse',
      },
    ],
    [
      'no time',
      'preflight:\n\n  maxAge: 6\n',
      {
        line: 3,
        key: 'preflight.maxAge',
        what: '6 is not a time',
        how: 'write one, such as 10s, 90m, 6h or 7d',
      },
    ],
    [
      'no size',
      'keep: { size: 20 }\n',
      { line: 1, key: 'keep.size', what: '20 is not a size', how: 'write one, such as 500MB or 20GB' },
    ],
    [
      'no number',
      'keep: { last: 1.5 }\n',
      { line: 1, key: 'keep.last', what: '1.5 is not a whole number', how: 'write a number, 1 or more' },
    ],
    [
      'none kept',
      'keep: { last: 0 }\n',
      { line: 1, key: 'keep.last', what: '0 is not a whole number', how: 'write a number, 1 or more' },
    ],
    [
      'a list',
      'rules: [a]\n',
      {
        line: 1,
        key: 'rules',
        what: '["a"] is not a mapping',
        how: 'write keys: down-volumes, rm-v, stateful-recreate',
      },
    ],
    [
      'a text for all',
      'just words\n',
      {
        line: null,
        key: null,
        what: '"just words" is not a mapping',
        how: 'write keys: store, rules, critical, logins, encrypt, copies, preflight, keep, notify',
      },
    ],
    [
      'a relative store',
      'store: backups\n',
      {
        line: 1,
        key: 'store',
        what: '"backups" is not an absolute path',
        how: 'write one, such as /mnt/backups or ~/backups',
      },
    ],
    [
      'no list of counts',
      'critical: { service: db }\n',
      {
        line: 1,
        key: 'critical',
        what: '{"service":"db"} is not a list',
        how: `write entries: ${criticalExample}`,
      },
    ],
    [
      'a count without a query',
      'critical:\n  - service: db\n    query: dbsize\n  - service: cache\n',
      { line: 4, key: 'critical.1', what: 'it names no query', how: `such as ${criticalExample}` },
    ],
    [
      'a query that is no text',
      'critical:\n  - service: db\n    query: [select, 1]\n',
      {
        line: 3,
        key: 'critical.0.query',
        what: '["select",1] is not a text',
        how: `such as ${criticalExample}`,
      },
    ],
    [
      'an empty service',
      'critical: [{ service: "", query: dbsize }]\n',
      { line: 1, key: 'critical.0.service', what: '"" is not a text', how: `such as ${criticalExample}` },
    ],
    [
      'a limit that is no number',
      'critical:\n  - { service: db, query: dbsize }\n  - { service: db, query: dbsize, min: many }\n',
      { line: 3, key: 'critical.1.min', what: '"many" is not a number', how: 'write one, such as 1' },
    ],
    [
      'limits that nothing is between',
      'critical: [{ service: db, query: dbsize, min: 2, max: 1 }]\n',
      { line: 1, key: 'critical.0.max', what: '1 is less than min (2)', how: 'write min ≤ max' },
    ],
    [
      'a recipient with a slip of the pen',
      `encrypt:\n  recipients:\n    - ${recipient}\n    - ${recipient.replace('l3z7', 'l3z8')}\n`,
      {
        line: 4,
        key: 'encrypt.recipients.1',
        what: '"age1ql3z8hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aq… is no recipient, or has a slip of the pen in it',
        how: recipientHow,
      },
    ],
    [
      'a secret, which is not shown',
      'encrypt:\n  recipients: [AGE-SECRET-KEY-1QQQ]\n',
      {
        line: 2,
        key: 'encrypt.recipients.0',
        what: 'that is the secret half of a key, which belongs into no configuration',
        how: recipientHow,
      },
    ],
    [
      'encryption to nobody',
      'encrypt: { recipients: [] }\n',
      { line: 1, key: 'encrypt.recipients', what: 'it is not a list of recipients', how: recipientHow },
    ],
    [
      'a relative identity',
      'encrypt: { identityFile: key.txt }\n',
      {
        line: 1,
        key: 'encrypt.identityFile',
        what: '"key.txt" is not an absolute path',
        how: 'write one, such as ~/.config/safe-compose/identity.txt',
      },
    ],
    [
      'a relative copy',
      'copies:\n  - /mnt/disk\n  - disk\n',
      {
        line: 3,
        key: 'copies.1',
        what: '"disk" is not an absolute path',
        how: 'write one, such as /mnt/second-disk or restic:sftp:user@host:/srv/repo',
      },
    ],
    [
      'an unknown key of a count',
      'critical:\n  - service: db\n    query: dbsize\n    least: 1\n',
      {
        line: 4,
        key: 'critical.0.least',
        what: 'there is no such key',
        how: 'there are: service, database, query, min, max',
      },
    ],
  ])('%s', async (_, text, told) => {
    await write(userFile(), text)
    expect(await failure()).toEqual({ reason: 'bad-configuration', file: userFile(), ...told })
  })

  test('no YAML', async () => {
    await write(projectFile(), 'keep:\n  all: 7d\n last: 3\n')
    expect(await failure()).toMatchObject({
      reason: 'bad-configuration',
      file: projectFile(),
      line: 3,
      key: null,
    })
  })

  test('aliases that would fill the memory', async () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level++) {
      const alias = `*a${level - 1}`
      bomb.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => alias).join(', ')}]`)
    }
    await write(userFile(), bomb.join('\n'))
    expect(await failure()).toMatchObject({ reason: 'bad-configuration', file: userFile() })
  })

  test('--safe-config names a file that is not there', async () => {
    expect(await failure({ argv: ['--safe-config', 'gone.yaml'] })).toMatchObject({
      reason: 'bad-configuration',
      file: join(project, 'gone.yaml'),
      what: 'there is no such file',
    })
  })

  test('a directory in its place', async () => {
    await mkdir(projectFile())
    expect(await failure()).toMatchObject({ file: projectFile(), what: 'it is a directory' })
  })

  test('a name that is nearly right would protect nobody', async () => {
    await write(join(project, '.safe-compose.yml'), 'rules: { rm-v: refuse }\n')
    expect(await failure()).toMatchObject({
      file: join(project, '.safe-compose.yml'),
      what: 'it is not read under this name',
      how: `call it ${projectFile()}`,
    })
  })

  test('a rule that --safe-allow does not know', async () => {
    expect(await failure({ argv: ['--safe-allow', 'down-volumes,rm-w'] })).toEqual({
      reason: 'bad-usage',
      what: '--safe-allow names a rule that does not exist: rm-w',
      how: 'did you mean rm-v?',
    })
  })
})

describe('a project may add protection and weaken nothing', () => {
  test.each<[string, string, string, string]>([
    ['send backups elsewhere', 'store: /tmp\n', 'store', 'a project may not say where backups are kept'],
    [
      'decide who can open the backups',
      `encrypt: { recipients: [${recipient}] }\n`,
      'encrypt.recipients',
      'a project may not say who can open the backups',
    ],
    [
      'name what opens the backups',
      'encrypt: { identityFile: /tmp/key.txt }\n',
      'encrypt.identityFile',
      'a project may not say what opens the backups',
    ],
    [
      'have backups copied elsewhere',
      'copies: [/mnt/theirs]\n',
      'copies',
      'a project may not say where backups are copied to',
    ],
    [
      'turn a rule off',
      'rules: { down-volumes: off }\n',
      'rules.down-volumes',
      'a project may only set it to ask or refuse',
    ],
    [
      'make a rule a warning',
      'rules: { down-volumes: warn }\n',
      'rules.down-volumes',
      'a project may only set it to ask or refuse',
    ],
    [
      'go on without asking',
      'rules: { down-volumes: back-up }\n',
      'rules.down-volumes',
      'a project may only set it to ask or refuse',
    ],
    [
      'back up less often',
      'preflight: { maxAge: 7h }\n',
      'preflight.maxAge',
      'a project may not set more than 6 h',
    ],
    [
      'lose patience sooner',
      'preflight: { patience: 5s }\n',
      'preflight.patience',
      'a project may not set less than 1 min',
    ],
    [
      'let the pause for a copy end sooner',
      'preflight: { maxStop: 1s }\n',
      'preflight.maxStop',
      'a project may not set less than 10 s',
    ],
    [
      'let a script go on by itself',
      'rules: { stateful-recreate: { script: warn } }\n',
      'rules.stateful-recreate.script',
      'a project may only set it to back-up or ask or refuse',
    ],
    [
      'let a person go on without asking',
      'rules: { down-volumes: { person: back-up, script: refuse } }\n',
      'rules.down-volumes.person',
      'a project may only set it to ask or refuse',
    ],
    [
      'let an agent destroy',
      'rules: { down-volumes: { agent: back-up } }\n',
      'rules.down-volumes.agent',
      'a project may only set it to refuse',
    ],
    ['keep for fewer days', 'keep: { all: 6d }\n', 'keep.all', 'a project may not set less than 7 d'],
    ['keep none a week', 'keep: { weekly: 0 }\n', 'keep.weekly', 'a project may not set less than 90 d'],
    ['keep fewer', 'keep: { last: 1 }\n', 'keep.last', 'a project may not set less than 3'],
    ['keep less', 'keep: { size: 1GB }\n', 'keep.size', 'a project may not set less than 20 GB'],
  ])('not %s', async (_, text, key, what) => {
    await write(projectFile(), text)
    expect(await failure()).toMatchObject({
      reason: 'bad-configuration',
      file: projectFile(),
      line: 1,
      key,
      what,
    })
    await rm(projectFile())
    await write(join(project, 'compose.yaml'), `x-safe-compose: { ${text.trim()} }\n`)
    expect(await failure()).toMatchObject({ file: join(project, 'compose.yaml'), line: 1, key, what })
    await write(join(project, 'compose.yaml'), 'services: {}\n')
    await write(userFile(), text)
    await expect(policy()).resolves.toBeDefined()
  })

  test('nor go below what the user has chosen', async () => {
    await write(userFile(), 'rules: { rm-v: refuse }\npreflight: { maxAge: 1h }\nkeep: { all: 30d }\n')
    await write(projectFile(), 'rules: { rm-v: ask }\n')
    expect(await failure()).toMatchObject({ key: 'rules.rm-v', what: 'a project may only set it to refuse' })
    await write(projectFile(), 'preflight: { maxAge: 2h }\n')
    expect(await failure()).toMatchObject({
      key: 'preflight.maxAge',
      what: 'a project may not set more than 1 h',
    })
    await write(projectFile(), 'keep: { all: 8d }\n')
    expect(await failure()).toMatchObject({ key: 'keep.all', what: 'a project may not set less than 30 d' })
  })
})

describe('levels by who asks', () => {
  test('each layer says what it says, and leaves the rest', async () => {
    await write(userFile(), 'rules: { down-volumes: { person: back-up, agent: refuse }, rm-v: back-up }\n')
    await write(projectFile(), 'rules: { down-volumes: { script: refuse }, rm-v: { person: ask } }\n')
    expect((await policy()).rules).toEqual({
      'down-volumes': { person: 'back-up', script: 'refuse', agent: 'refuse' },
      'rm-v': { person: 'ask', script: 'back-up', agent: 'back-up' },
    })
    const variables = { SAFE_COMPOSE_RULES: 'down-volumes.script=ask, rm-v=refuse' }
    expect((await policy({ variables })).rules).toEqual({
      'down-volumes': { person: 'back-up', script: 'ask', agent: 'refuse' },
      'rm-v': 'refuse',
    })
  })

  test('a project may ask for more of one and leave the others', async () => {
    await write(projectFile(), 'rules: { down-volumes: { script: ask } }\n')
    expect((await policy()).rules).toEqual({ 'down-volumes': { script: 'ask' } })
  })

  test('a level for everybody may not go below what the user has set for agents', async () => {
    await write(userFile(), 'rules: { stateful-recreate: { agent: refuse } }\n')
    await write(projectFile(), 'rules: { stateful-recreate: ask }\n')
    expect(await failure()).toMatchObject({
      key: 'rules.stateful-recreate',
      what: 'a project may only set it to refuse for agents',
    })
  })
})

describe('the environment', () => {
  const variables = {
    SAFE_COMPOSE_MAX_AGE: '2h',
    SAFE_COMPOSE_PATIENCE: '0',
    SAFE_COMPOSE_MAX_STOP: '30s',
    SAFE_COMPOSE_DUMP_UP_TO: '1MB',
    SAFE_COMPOSE_KEEP_ALL: '30d',
    SAFE_COMPOSE_KEEP_DAILY: '40d',
    SAFE_COMPOSE_KEEP_WEEKLY: '50d',
    SAFE_COMPOSE_KEEP_MONTHLY: '60d',
    SAFE_COMPOSE_KEEP_LAST: '5',
    SAFE_COMPOSE_KEEP_SIZE: '1GB',
    SAFE_COMPOSE_STALE_AFTER: '2d',
  }

  test('every key has a variable, which counts more than the files', async () => {
    await write(userFile(), 'keep: { all: 1d, last: 1 }\npreflight: { maxAge: 1h }\n')
    expect(await policy({ variables })).toMatchObject({
      maxAge: 7_200_000,
      patience: 0,
      maxStop: 30_000,
      keep: { all: days(30), daily: days(40), weekly: days(50), monthly: days(60), last: 5, bytes: 1e9 },
      staleAfter: 172_800_000,
    })
    expect(Object.keys(variables)).toEqual(settingKeys.map(setting => setting.variable))
  })

  test.each<[string, Record<string, string>, string, string]>([
    [
      'a time',
      { SAFE_COMPOSE_MAX_AGE: '6' },
      'the variable SAFE_COMPOSE_MAX_AGE: 6 is not a time',
      'write one, such as 10s, 90m, 6h or 7d',
    ],
    [
      'a number',
      { SAFE_COMPOSE_KEEP_LAST: '0' },
      'the variable SAFE_COMPOSE_KEEP_LAST: 0 is not a whole number',
      'write a number, 1 or more',
    ],
    [
      'a rule',
      { SAFE_COMPOSE_RULES: 'rm-w=ask' },
      'the variable SAFE_COMPOSE_RULES: there is no rule rm-w',
      'did you mean rm-v?',
    ],
    [
      'a level',
      { SAFE_COMPOSE_RULES: 'rm-v=loud' },
      'the variable SAFE_COMPOSE_RULES: loud is not a level',
      'use one of: off, warn, back-up, ask, refuse',
    ],
    [
      'somebody who asks',
      { SAFE_COMPOSE_RULES: 'rm-v.robot=ask' },
      'the variable SAFE_COMPOSE_RULES: robot is nobody who asks',
      'use one of: person, script, agent',
    ],
    [
      'an assignment',
      { SAFE_COMPOSE_RULES: 'rm-v' },
      'the variable SAFE_COMPOSE_RULES: rm-v is not RULE=LEVEL',
      'such as down-volumes=refuse',
    ],
    [
      'a recipient',
      { SAFE_COMPOSE_RECIPIENTS: `${recipient},nobody` },
      'the variable SAFE_COMPOSE_RECIPIENTS: "nobody" is not a recipient of age',
      'write public keys, with commas: age1…,age1…',
    ],
  ])('what is not %s is an error', async (_, wrong, what, how) => {
    expect(await failure({ variables: wrong })).toEqual({ reason: 'bad-usage', what, how })
  })

  test('names recipients besides those of the files, who can open the backups still, and another identity', async () => {
    const other = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'
    await write(
      userFile(),
      `encrypt:\n  recipients: [${recipient}]\n  identityFile: ~/key.txt\ncopies: [/mnt/a, ~/b]\n`,
    )
    expect(await policy()).toMatchObject({
      encrypt: { recipients: [recipient], identityFile: join(home, 'key.txt') },
      copies: ['/mnt/a', join(home, 'b')],
    })
    const more = {
      SAFE_COMPOSE_RECIPIENTS: `${other}, ${recipient}`,
      SAFE_COMPOSE_IDENTITY_FILE: 'stick/key.txt',
    }
    const { policy: both, origins, ignored } = await settings({ variables: more })
    expect(both.encrypt).toEqual({
      recipients: [recipient, other],
      identityFile: join(project, 'stick/key.txt'),
    })
    expect(origins.get('encrypt.recipients')).toEqual({ kind: 'given', name: 'SAFE_COMPOSE_RECIPIENTS' })
    expect(ignored).toEqual([])
    const agent = await settings({ variables: more, audience: 'agent' })
    expect(agent.policy.encrypt.recipients).toEqual([recipient])
    expect(agent.ignored).toEqual([
      `SAFE_COMPOSE_RECIPIENTS=${other},${recipient}`,
      'SAFE_COMPOSE_IDENTITY_FILE=stick/key.txt',
    ])
  })

  test('what would loosen is left out of account for an agent, and named; what protects counts', async () => {
    const loose = {
      SAFE_COMPOSE_KEEP_ALL: '0',
      SAFE_COMPOSE_MAX_AGE: '1000d',
      SAFE_COMPOSE_KEEP_LAST: '9',
      SAFE_COMPOSE_RULES: 'rm-v=off,stateful-recreate=refuse',
    }
    const { policy, ignored } = await settings({ variables: loose, audience: 'agent' })
    expect(ignored).toEqual([
      'SAFE_COMPOSE_MAX_AGE=1000d',
      'SAFE_COMPOSE_KEEP_ALL=0',
      'SAFE_COMPOSE_RULES=rm-v=off',
    ])
    expect(policy).toEqual({
      ...defaultPolicy,
      keep: { ...defaultPolicy.keep, last: 9 },
      rules: { 'stateful-recreate': 'refuse' },
    })
    expect((await settings({ variables: loose })).ignored).toEqual([])
    expect((await policyOf(loose)).keep.all).toBe(0)
  })

  const policyOf = (loose: Record<string, string>): Promise<Policy> => policy({ variables: loose })
})

describe('a project that the user trusts', () => {
  const loosening = 'store: /mnt/team\nrules: { down-volumes: off }\nkeep: { all: 1d }\n'

  test('says what the user may say', async () => {
    await write(userFile(), 'rules: { down-volumes: refuse }\n')
    await write(projectFile(), loosening)
    expect(await policy({ trust: 'trusted' })).toMatchObject({
      store: '/mnt/team',
      rules: { 'down-volumes': 'off' },
      keep: { all: days(1) },
    })
  })

  test('must be trusted again when it has changed, and is told how', async () => {
    await write(projectFile(), loosening)
    expect(await failure()).toMatchObject({
      key: 'store',
      how: expect.stringContaining('safe-compose trust'),
    })
    expect(await failure({ trust: 'changed' })).toMatchObject({
      key: 'store',
      how: expect.stringMatching(/is another now.*safe-compose trust/),
    })
  })

  test('all that it loosens is told, not only the first', async () => {
    await write(userFile(), 'keep: { all: 14d }\n')
    await write(projectFile(), `${loosening}preflight: { maxAge: 1h }\n`)
    const sources = await findConfiguration({
      configHome: null,
      home,
      chosen: null,
      directory: project,
      composeFiles: ['compose.yaml'],
      projectDirectory: project,
    })
    expect(
      loosenedBy({ sources, knownRules }).map(({ objection }) => [objection.path.join('.'), objection.what]),
    ).toEqual([
      ['store', 'a project may not say where backups are kept'],
      ['rules.down-volumes', 'a project may only set it to ask or refuse'],
      ['keep.all', 'a project may not set less than 14 d'],
    ])
  })
})

describe('who is told', () => {
  const channels = 'notify:\n  channels:\n    - { kind: slack, url: "https://hooks.slack.com/s3cr3t" }\n'

  test('by the user, and by a project that is trusted, each besides the other', async () => {
    await write(userFile(), `${channels}  staleAfter: 7d\n`)
    await write(projectFile(), 'notify: { channels: [{ kind: command, command: /bin/page }] }\n')
    const { policy: inForce, origins } = await settings({ trust: 'trusted' })
    expect(inForce.channels.map(({ kind }) => kind)).toEqual(['slack', 'command'])
    expect(inForce.staleAfter).toBe(604_800_000)
    expect(Object.fromEntries(origins)).toEqual({
      'notify.staleAfter': { kind: 'user', file: userFile(), line: 4 },
      'notify.channels.0': { kind: 'user', file: userFile(), line: 3 },
      'notify.channels.1': { kind: 'project', file: projectFile(), line: 1 },
    })
  })

  test.each(['untrusted', 'changed'] as const)('not by a project that is %s', async trust => {
    await write(projectFile(), channels)
    expect(await failure({ trust })).toMatchObject({
      reason: 'bad-configuration',
      file: projectFile(),
      line: 3,
      key: 'notify.channels.0',
      what: 'a project may not send anything anywhere',
      how: expect.stringContaining('safe-compose trust'),
    })
    await write(projectFile(), 'notify: { channels: [{ kind: command, command: /bin/page }] }\n')
    expect(await failure({ trust })).toMatchObject({ what: 'a project may not name a command to run' })
  })

  test('a project that is not trusted may want newer backups, not older ones', async () => {
    await write(projectFile(), 'notify: { staleAfter: 12h }\n')
    expect((await policy()).staleAfter).toBe(43_200_000)
    await write(projectFile(), 'notify: { staleAfter: 3d }\n')
    expect(await failure()).toMatchObject({
      key: 'notify.staleAfter',
      what: 'a project may not set more than 1 d 2 h',
    })
  })

  test.each([
    ['notify: https://hooks.slack.com/s3cr3t\n', 'notify', 'it is not a mapping'],
    ['notify:\n  - { kind: slack, url: "https://a/s3cr3t" }\n', 'notify', 'it is not a mapping'],
    ['notify: { channels: https://a/s3cr3t }\n', 'notify.channels', 'it is not a list'],
    [
      'notify: { channels: [{ kind: slack, url: s3cr3t }] }\n',
      'notify.channels.0.url',
      'it is not a web address',
    ],
    ['notify: { staleafter: 1d }\n', 'notify.staleafter', 'there is no such key'],
  ])('%s is wrong at %s, and no address is repeated', async (text, key, what) => {
    await write(userFile(), text)
    const found = await failure()
    expect(found).toMatchObject({ reason: 'bad-configuration', file: userFile(), line: 1, key, what })
    expect(JSON.stringify(found)).not.toContain('s3cr3t')
  })
})

describe('what the databases are asked', () => {
  const counts =
    'critical:\n  - { service: db, database: app, query: select count(*) from orders, min: 1 }\n  - { service: cache, database: 3, query: dbsize, max: 1e6 }\n'

  test('by the user, and by a project that is trusted, each besides the other', async () => {
    await write(userFile(), counts)
    await write(projectFile(), '# ours\ncritical: [{ service: db, database: app, query: select 1 }]\n')
    const { policy: inForce, origins } = await settings({ trust: 'trusted' })
    expect(inForce.critical).toEqual([
      {
        service: 'db',
        database: 'app',
        query: 'select count(*) from orders',
        min: 1,
        max: null,
        owner: 'user',
      },
      { service: 'cache', database: '3', query: 'dbsize', min: null, max: 1_000_000, owner: 'user' },
      { service: 'db', database: 'app', query: 'select 1', min: null, max: null, owner: 'project' },
    ])
    expect(Object.fromEntries(origins)).toEqual({
      'critical.0': { kind: 'user', file: userFile(), line: 2 },
      'critical.1': { kind: 'user', file: userFile(), line: 3 },
      'critical.2': { kind: 'project', file: projectFile(), line: 2 },
    })
  })

  test('nothing said: nothing', async () => {
    await write(userFile(), 'critical:\n')
    expect((await policy()).critical).toEqual([])
  })

  test.each(['untrusted', 'changed'] as const)('not by a project that is %s', async trust => {
    await write(projectFile(), counts)
    expect(await failure({ trust })).toMatchObject({
      reason: 'bad-configuration',
      file: projectFile(),
      line: 2,
      key: 'critical.0',
      what: 'a project may not say what its databases are asked',
      how: expect.stringContaining('safe-compose trust'),
    })
    await rm(projectFile())
    await write(
      join(project, 'compose.yaml'),
      'services: {}\nx-safe-compose:\n  critical:\n    - { service: db, query: dbsize }\n',
    )
    expect(await failure({ trust })).toMatchObject({
      file: join(project, 'compose.yaml'),
      line: 4,
      key: 'critical.0',
    })
  })

  test('each of them is shown before the project is trusted', async () => {
    await write(projectFile(), counts)
    const sources = await findConfiguration({
      configHome: null,
      home,
      chosen: null,
      directory: project,
      composeFiles: ['compose.yaml'],
      projectDirectory: project,
    })
    expect(loosenedBy({ sources, knownRules }).map(({ objection }) => objection.path)).toEqual([
      ['critical', '0'],
      ['critical', '1'],
    ])
  })
})

describe('how databases are logged in to', () => {
  test('a user, and where the password stands; a password itself is no word of a file', async () => {
    await write(
      userFile(),
      'logins:\n  - { project: shop, service: db, user: backup, passwordFile: ~/word }\n  - { project: shop, service: cache, passwordVariable: CACHE_WORD }\n',
    )
    const { policy: inForce, origins } = await settings()
    expect(inForce.logins).toEqual([
      { project: 'shop', service: 'db', user: 'backup', password: { from: 'file', path: `${home}/word` } },
      { project: 'shop', service: 'cache', user: null, password: { from: 'variable', name: 'CACHE_WORD' } },
    ])
    expect(origins.get('logins.1')).toEqual({ kind: 'user', file: userFile(), line: 3 })
  })

  test.each([
    ['logins: { project: shop }\n', 'logins', 'it is not a list'],
    ['logins: [{ service: db, user: backup }]\n', 'logins.0', 'it names no project'],
    ['logins: [{ project: shop, service: db }]\n', 'logins.0', 'it names neither a user nor a password'],
    [
      'logins: [{ project: shop, service: db, password: secret-word }]\n',
      'logins.0.password',
      'there is no such key',
    ],
    [
      'logins: [{ project: shop, service: db, passwordFile: word }]\n',
      'logins.0.passwordFile',
      'it is not an absolute path',
    ],
    [
      'logins: [{ project: a, service: b, user: c }, { project: a, service: b, user: d }]\n',
      'logins.1.service',
      'the service has a login already',
    ],
  ])('%s', async (text, key, what) => {
    await write(userFile(), text)
    const found = await failure()
    expect(found).toMatchObject({ reason: 'bad-configuration', file: userFile(), line: 1, key, what })
    expect(JSON.stringify(found)).not.toContain('secret-word')
  })

  test('a project that is not trusted may not: its containers would be handed what a file of the user holds', async () => {
    await write(
      projectFile(),
      'logins: [{ project: shop, service: db, passwordFile: /home/me/.ssh/id_rsa }]\n',
    )
    expect(await failure({ trust: 'untrusted' })).toMatchObject({
      key: 'logins.0',
      what: 'a project may not say which of your files and variables hold a password',
    })
  })
})

describe('commands and data that a project declares', () => {
  test.each([
    'hooks: { before: rm -rf / }\n',
    'command: sh\n',
    'preflight: { run: sh }\n',
    'disposable: [db]\n',
  ])('no configuration names any: %s', async text => {
    await write(projectFile(), text)
    expect(await failure({ trust: 'trusted' })).toMatchObject({ what: 'there is no such key' })
  })
})

describe('where each value comes from', () => {
  test('file and line, variable, flag; nothing for what is built in', async () => {
    await write(
      userFile(),
      'store: /a\nrules:\n  down-volumes:\n    person: ask\n    script: refuse\n  rm-v: ask\n',
    )
    await write(projectFile(), '\nrules:\n  down-volumes: { person: refuse }\n')
    const variables = { SAFE_COMPOSE_KEEP_ALL: '9d', SAFE_COMPOSE_YES: '1', SAFE_COMPOSE_STORE: '/b' }
    const { origins } = await settings({ variables, argv: ['--safe-store', '/c'] })
    const user = (line: number): object => ({ kind: 'user', file: userFile(), line })
    expect(Object.fromEntries(origins)).toEqual({
      store: { kind: 'given', name: '--safe-store' },
      yes: { kind: 'given', name: 'SAFE_COMPOSE_YES' },
      'keep.all': { kind: 'given', name: 'SAFE_COMPOSE_KEEP_ALL' },
      'rules.down-volumes.person': { kind: 'project', file: projectFile(), line: 3 },
      'rules.down-volumes.script': user(5),
      'rules.rm-v.person': user(6),
      'rules.rm-v.script': user(6),
      'rules.rm-v.agent': user(6),
    })
  })
})

function days(count: number): number {
  return count * 24 * 3_600_000
}
