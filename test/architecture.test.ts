import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../src/model/failure.ts'
import { safeOptions } from '../src/core/options.ts'
import { ownWords } from '../src/core/own-words.ts'
import { byFamily, explanationOf } from '../src/core/explanation.ts'
import { audienceKinds } from '../src/core/levels.ts'
import { rules } from '../src/core/rules/index.ts'
import { identityVariable, recipientsVariable, rulesVariable, settingKeys } from '../src/core/setting-keys.ts'
import { helpText } from '../src/ui/help.ts'
import {
  brokenLinks,
  missingDocuments,
  strayEntries,
  tableBelow,
  workplaceWords,
} from './architecture/documents.ts'
import { generatedFiles } from './architecture/generated.ts'
import {
  againstTheLayers,
  impureImports,
  impureWords,
  loadedWith,
  looseExports,
  strayLibraries,
  worldGlobals,
  type Files,
} from './architecture/layers.ts'
import { projectPaths, readFiles, root } from './architecture/project-files.ts'
import { codeOf, importsOf } from './architecture/source-text.ts'

const paths = projectPaths()
const files = readFiles(paths.filter(path => path !== 'package-lock.json'))
const sources = pick(files, path => path.startsWith('src/') && path.endsWith('.ts'))
const readme = files['README.md'] ?? ''

/** Each check is tried on what it must find as well: one that finds nothing anywhere would hold nothing. */
describe('layers', () => {
  test('there are sources to check', () => {
    expect(Object.keys(sources).length).toBeGreaterThan(50)
  })

  test('imports follow the arrows', () => {
    expect(againstTheLayers(sources)).toEqual([])
    expect(
      againstTheLayers({
        'src/core/a.ts': "import { x } from '../adapters/docker/x.ts'",
        'src/ui/b.ts': "import type { Y } from '../commands/y.ts'",
        'src/adapters/docker/c.ts': "export { z } from '../stores/z.ts'",
        'src/commands/d.ts': "const e = await import('../ui/e.ts')",
        'src/model/f.ts': "import { g } from '../core/g.ts'\nimport { h } from '../../test/h.ts'",
        'src/main.ts': "import { fine } from './commands/fine.ts'",
      }),
    ).toEqual([
      'src/core/a.ts (core) imports src/adapters/docker/x.ts (adapters)',
      'src/ui/b.ts (ui) imports src/commands/y.ts (commands)',
      'src/adapters/docker/c.ts imports another adapter, src/adapters/stores/z.ts',
      'src/commands/d.ts (commands) imports src/ui/e.ts (ui)',
      'src/model/f.ts (model) imports src/core/g.ts (core)',
      'src/model/f.ts imports test/h.ts, which is outside of src',
    ])
  })

  test('model, core and commands do nothing by themselves', () => {
    expect(impureImports(sources)).toEqual([])
    expect(impureWords(sources)).toEqual([])
    expect(
      impureImports({
        'src/core/a.ts': "import { join } from 'node:path'",
        'src/core/b.ts': "import type { Readable } from 'node:stream'",
        'src/commands/c.ts': "import { readFile } from 'node:fs/promises'",
        'src/adapters/d/e.ts': "import { readFile } from 'node:fs/promises'",
      }),
    ).toEqual(['src/core/a.ts imports node:path', 'src/commands/c.ts imports node:fs/promises'])
    expect(
      impureWords({ 'src/core/a.ts': '// Date.now()\nconst a = Date.now()\nconst b = new Date(0)' }),
    ).toEqual(['src/core/a.ts:2 uses Date.now('])
  })

  test('only the outermost files touch the process, and nothing uses the console', () => {
    expect(worldGlobals(sources)).toEqual([])
    expect(
      worldGlobals({
        'src/core/a.ts':
          'const a = { ...process.env }\n// process.env\nconst b = `process.env ${process.cwd()}`',
        'src/ui/b.ts': "console.log('process.env')\nthis.process.stop()\nconst c = { process: 1 }",
        'src/commands/c.ts': "import { env } from 'node:process'",
        'src/main.ts': 'process.exitCode = 1',
      }),
    ).toEqual([
      'src/core/a.ts:1 touches process',
      'src/core/a.ts:3 touches process',
      'src/ui/b.ts:1 uses console',
      'src/commands/c.ts imports node:process',
    ])
  })

  test('libraries are loaded where they are used, when they are used', () => {
    expect(strayLibraries(sources)).toEqual([])
    expect(
      strayLibraries({
        'src/ui/a.ts': "import chalk from 'chalk'\nimport type { Ora } from 'ora'",
        'src/core/b.ts': "const yaml = await import('yaml')",
        'src/adapters/docker/c.ts': "const d = await import('dockerode')\nimport _ from 'lodash'",
      }),
    ).toEqual([
      'src/ui/a.ts loads chalk at once; use await import()',
      'src/core/b.ts imports yaml, which it may not use',
      'src/adapters/docker/c.ts imports lodash, which no part of src may use',
    ])
  })

  test('what every command pays for is small', () => {
    const loaded = loadedWith(sources, 'src/entry.ts')
    expect(loaded.size).toBeGreaterThan(1)
    const heavy = [...loaded].filter(
      path => !/^src\/(entry\.ts|core\/|model\/|adapters\/compose\/)/.test(path),
    )
    expect(heavy).toEqual([])
    const found = loadedWith(
      { 'src/entry.ts': "import { a } from './core/a.ts'", 'src/core/a.ts': "import yaml from 'yaml'" },
      'src/entry.ts',
    )
    expect([...found]).toEqual(['src/entry.ts', 'src/core/a.ts', 'yaml'])
  })

  test('nothing is exported wholesale', () => {
    expect(looseExports(sources)).toEqual([])
    expect(
      looseExports({ 'src/a.ts': "export * from './b.ts'\nexport default 1\nexport const c = 1" }),
    ).toEqual(['src/a.ts:1 re-exports a whole module', 'src/a.ts:2 has a default export'])
  })
})

describe('reading sources', () => {
  test('comments and the content of strings are no code', () => {
    const text = "a // b\n/* c\n*/ d('e\\'f') / g\nh = /i'\\/[/]/ + `j ${k({ l: `m` })} n` + \"o\""
    expect(codeOf(text).replaceAll(/ +/g, ' ')).toBe(
      'a \n \n d(\' \') / g\nh = / / + ` ${k({ l: ` ` })} ` + " "',
    )
    expect(codeOf(text).length).toBe(text.length)
  })

  test('every kind of import is seen', () => {
    const text = `
      import a from 'a'
      import type { B } from 'b'
      import {
        c,
      } from 'c'
      import 'd'
      export { e } from 'e'
      const f = await import('f')
      // import g from 'g'
      const h = "import i from 'i'"
    `
    expect(importsOf(text).toSorted((one, other) => one.from.localeCompare(other.from))).toEqual([
      { from: 'a', how: 'value' },
      { from: 'b', how: 'type' },
      { from: 'c', how: 'value' },
      { from: 'd', how: 'value' },
      { from: 'e', how: 'value' },
      { from: 'f', how: 'dynamic' },
    ])
  })
})

describe('rules', () => {
  const ruleFiles = namesIn('src/core/rules/', '.ts').filter(name => name !== 'index')

  test('each is a file of its name, and each file is registered', () => {
    expect(ruleFiles.length).toBeGreaterThan(10)
    expect(rules.map(rule => rule.id).toSorted()).toEqual(ruleFiles)
  })

  test.each(ruleFiles)('%s has tests of what it finds and of what it leaves alone', id => {
    const text = codeOf(files[`test/unit/rules/${id}.test.ts`] ?? '')
    expect(text).toMatch(/\bexpectFound\(/)
    expect(text).toMatch(/\bexpectQuiet\(/)
  })

  test('the table of the README has what they lead to, as it is by default; each is on its own page', () => {
    const families = byFamily(rules.map(rule => explanationOf(rule, undefined)))
    const words = families.flatMap(({ title, explanations: [first] }) =>
      first === undefined
        ? []
        : [[title, ...audienceKinds.map(kind => first.reactions[kind][0]?.level.replace('-', ' '))]],
    )
    const documented = tableBelow(readme, 'The rules').map(([title, _example, ...who]) => [title, ...who])
    expect(documented).toEqual(words)
    expect(readme).toContain('(src/core/rules/README.md)')
  })
})

describe('what is made from the code', () => {
  test('is what the code says now; `npm run generate` writes it', async () => {
    const generated = await generatedFiles()
    expect(Object.keys(generated)).toEqual([
      'src/core/rules/README.md',
      'src/core/hook/README.md',
      'src/schemas/config.schema.json',
      'src/man/safe-compose.1',
    ])
    for (const [path, text] of Object.entries(generated)) expect(files[path], path).toBe(text)
  })

  test('the page and the schema name every rule; the schema, every level and every key', () => {
    const page = tableBelow(files['src/core/rules/README.md'] ?? '', 'The rules').map(([id = '']) => id)
    expect(page).toEqual(rules.map(({ id }) => `[\`${id}\`](${id}.ts)`))
    const schema = JSON.parse(files['src/schemas/config.schema.json'] ?? '{}') as {
      definitions: { level: { enum: string[] }; levels: { anyOf: { properties?: object }[] } }
      properties: Record<string, { properties?: object }>
    }
    const keysOf = (key: string): readonly string[] => Object.keys(schema.properties[key]?.properties ?? {})
    expect(keysOf('rules')).toEqual(rules.map(({ id }) => id))
    expect(schema.definitions.level.enum).toEqual(['off', 'warn', 'back-up', 'ask', 'refuse'])
    expect(Object.keys(schema.definitions.levels.anyOf[1]?.properties ?? {})).toEqual([
      'person',
      'script',
      'agent',
    ])
    const nested = Object.keys(schema.properties)
      .filter(key => key !== 'rules')
      .flatMap(key => (keysOf(key).length === 0 ? [key] : keysOf(key).map(name => `${key}.${name}`)))
    expect(nested).toEqual([
      'store',
      'critical',
      'logins',
      'encrypt.recipients',
      'encrypt.identityFile',
      'copies',
      ...settingKeys.map(({ key }) => key),
      'notify.channels',
    ])
  })

  test('the README has every variable of a setting', () => {
    const documented = tableBelow(readme, 'Configuration').map(row => row.map(cell => cell.split(',')[0]))
    expect(documented).toEqual([
      ...settingKeys.map(({ key, variable }) => [`\`${variable}\``, `\`${key}\``]),
      [`\`${recipientsVariable}\``, 'more of `encrypt.recipients`'],
      [`\`${identityVariable}\``, '`encrypt.identityFile`'],
      [`\`${rulesVariable}\``, 'levels'],
    ])
  })
})

describe('documents', () => {
  const expected = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning])

  test('the README has every exit code with its meaning', () => {
    expect(tableBelow(readme, 'Exit codes')).toEqual(expected)
  })

  test('the README has every option with its variable and meaning', () => {
    expect(tableBelow(readme, 'Options')).toEqual(
      safeOptions.map(({ flag, value, variable, about }) => [
        `\`${flag}${value === null ? '' : ` ${value}`}\``,
        `\`${variable}\``,
        about,
      ]),
    )
  })

  test('help and the README name every command of ours, every option and every exit code', () => {
    const help = helpText('1.2.3')
    const lines = help.split('\n').map(line => line.trim().replaceAll(/ {2,}/g, ' '))
    for (const [code, meaning] of expected) expect(lines).toContain(`${code} ${meaning}`)
    for (const { flag, variable } of safeOptions)
      expect(help).toMatch(new RegExp(`${flag}\\b.*${variable}\\b`))
    for (const word of Object.keys(ownWords)) {
      expect(help).toMatch(new RegExp(`^ +${word}\\b`, 'm'))
      if (word !== 'compose' && word !== 'help') expect(readme).toContain(`safe-compose ${word}`)
    }
  })

  test('a table is read as it is written', () => {
    const text =
      '# A\n\n## B\n\nwords\n\n| c | d |\n| --- | --- |\n| 1 | two words |\n\n| e |\n| --- |\n| f |\n'
    expect(tableBelow(text, 'B')).toEqual([['1', 'two words']])
    expect(() => tableBelow(text, 'C')).toThrow('there is no heading "C"')
  })

  test('they speak of the project and of nothing else', () => {
    expect(workplaceWords(pick(files, path => !path.startsWith('test/architecture')))).toEqual([])
    // Put together here: written out they would themselves be what the check must find.
    const [home, place] = ['Users/ann', 'work/x'].map(path => `/${path}`)
    expect(
      workplaceWords({
        'a.ts': `const a = '${home}/shop'\nconst b = '/home/you/shop'\nconst c = join(home, '${place}')`,
        'b.md': 'fetched from registry.npmjs.org\nGenerated with a tool',
      }),
    ).toEqual([
      `a.ts:1 has a path of one machine: ${home}`,
      `a.ts:3 has a path of one machine: ${place}`,
      'b.md:1 has the name of a registry or mirror: registry.npmjs.org',
      'b.md:2 has a note about who wrote it: Generated with',
    ])
  })

  test('what they name and link to is there', () => {
    expect(missingDocuments(pick(files, path => !path.startsWith('test/architecture')))).toEqual([])
    expect(brokenLinks(files, paths)).toEqual([])
    expect(missingDocuments({ 'a.ts': '// see PLAN.md and a/README.md', 'b/README.md': '' })).toEqual([
      'a.ts names PLAN.md, which is not in the project',
    ])
    expect(
      brokenLinks({ 'a/b.md': '[x](../c.ts) [y](d/) [z](https://e.org) [q](gone.ts)' }, ['c.ts', 'a/d/e']),
    ).toEqual(['a/b.md links to a/gone.ts, which is not there'])
  })

  test('only what belongs there lies at the top', () => {
    expect(strayEntries(paths)).toEqual([])
    expect(strayEntries(['.github/x', 'src/a', 'notes.txt', 'lib/b'])).toEqual(['notes.txt', 'lib'])
    expect(paths.filter(path => path.startsWith('dist/'))).toEqual([])
  })
})

describe('package', () => {
  const description = JSON.parse(files['package.json'] ?? '{}') as {
    bin: Record<string, string>
    files: string[]
    dependencies?: Record<string, string>
  }

  test('it ships what the program needs, and needs nothing else', () => {
    const ships = (path: string): boolean =>
      description.files.some(each => path === each || path.startsWith(`${each}/`))
    const program = description.bin['safe-compose'] ?? ''
    const needed = importsOf(files[program] ?? '').map(({ from }) => join(program, '..', from))
    expect(needed.length).toBeGreaterThan(0)
    expect([program, ...needed].filter(path => !ships(path))).toEqual([])
    expect(ships('src/main.ts')).toBe(false)
    expect(description.files.filter(path => path !== 'dist' && !existsSync(join(root, path)))).toEqual([])
    expect(description.dependencies ?? {}).toEqual({})
  })
})

function pick(from: Files, isWanted: (path: string) => boolean): Files {
  return Object.fromEntries(Object.entries(from).filter(([path]) => isWanted(path)))
}

/** Names of the files directly in a folder, without their ending, sorted. */
function namesIn(folder: string, ending: string): readonly string[] {
  return paths
    .filter(
      path => path.startsWith(folder) && path.endsWith(ending) && !path.slice(folder.length).includes('/'),
    )
    .map(path => path.slice(folder.length, -ending.length))
    .toSorted()
}
