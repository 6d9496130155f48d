import { describe, expect, test } from 'vitest'
import { byFamily, explanationOf } from '../../src/core/explanation.ts'
import { findFindings } from '../../src/core/findings.ts'
import { findingId } from '../../src/core/finding-id.ts'
import { rules } from '../../src/core/rules/index.ts'
import type { Rule } from '../../src/model/finding.ts'
import { openExplanations } from '../../src/ui/explanations.ts'
import { openSettingsPage, trustedPage } from '../../src/ui/settings-page.ts'
import { aContainer, aProject, aService, aVolume, circumstances, typed } from '../fakes/facts.ts'

const rule: Rule = {
  id: 'lost-anchor',
  title: 'the anchor is lost',
  about:
    'A ship that loses its anchor drifts, and whoever is on board notices it only when the coast is near.',
  leadsTo: ['destroyed', 'orphaned'],
  versions: 'from 2.1',
  instead: 'up --with-anchor',
  citations: ['ship/anchor#12', 'https://example.org/anchors', 'the captain, by word of mouth'],
  check: () => [],
}

describe('a rule explained', () => {
  test('what it is about, what it leads to here, the way out, and links', () => {
    const page = openExplanations({ width: 80 }).rule(explanationOf(rule, { script: 'refuse' }))
    expect(`\n${page}`).toBe(`
lost-anchor: the anchor is lost

  A ship that loses its anchor drifts, and whoever is on board notices it only
  when the coast is near.

  happens in   Compose from 2.1
  a person     ask if deleted, back up if left behind
  a script     refuse  (as configured)
  an agent     refuse if deleted, back up if left behind
  instead      up --with-anchor
  on purpose   safe-compose --safe-allow lost-anchor …
  its level    rules: { lost-anchor: off|warn|back-up|ask|refuse }
               or by who asks: { person: …, script: …, agent: … }
  told of in   https://github.com/ship/anchor/issues/12
               https://example.org/anchors
               the captain, by word of mouth
`)
  })

  test('every rule is in one family, in the list, and told in words that fit', () => {
    const all = rules.map(each => explanationOf(each, undefined))
    expect(
      byFamily(all)
        .flatMap(family => family.explanations.map(({ id }) => id))
        .toSorted(),
    ).toEqual(rules.map(({ id }) => id).toSorted())
    const pages = openExplanations({ width: 80 })
    const list = pages.list(all)
    for (const { id, title } of rules) expect(list).toMatch(new RegExp(`^  ${id} +${escaped(title)}$`, 'm'))
    for (const each of all) expect(pages.rule(each)).not.toMatch(/undefined|null/)
  })
})

describe('a finding explained', () => {
  const facts = aProject({
    services: [aService('db', { mounts: ['pgdata:/data'] })],
    containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
    volumes: [aVolume('shop_pgdata')],
  })
  const found = (): ReturnType<typeof findFindings> => findFindings(facts, typed('down -v'), circumstances())

  test('its id is short and stays as long as the holding', () => {
    const [finding] = found()
    expect(finding?.id).toMatch(/^down-volumes\/[0-9a-f]{4}$/)
    expect(found()[0]?.id).toBe(finding?.id)
    const { sha256 } = circumstances()
    const holding = { kind: 'volume', name: 'shop_pgdata', createdAt: 'another time' } as const
    expect(findingId({ rule: 'down-volumes', holding }, sha256)).not.toBe(finding?.id)
  })

  test('what was found, when, what was decided; names cannot write on the screen', () => {
    const finding = { ...found()[0]!, because: 'it goes\u001B[2J', evidence: ['seen\nhere'] }
    const rule = rules.find(each => each.id === 'down-volumes')
    const page = openExplanations({ width: 80 }).finding(
      { id: 'down-volumes/3f2a', finding, command: 'down -v', verdict: 'refuse', at: '2026-11-23T20:13:00Z' },
      explanationOf(rule!, undefined),
      new Date('2026-11-23T20:15:00Z'),
    )
    expect(page).toContain('down-volumes/3f2a: found in this project\n\n  it goes\\x1b[2J\n    seen\\nhere\n')
    expect(page).toMatch(
      /data +shop_pgdata\n +used by +db\n +command +down -v, 2 min ago\n +decided +refused\n/,
    )
    expect(page).toContain('down-volumes: down --volumes deletes the named volumes of the project')
  })
})

describe('the settings', () => {
  test('a table of values and one of rules, each with where it comes from', () => {
    const file = '/home/ann/.config/safe-compose/config.yaml'
    const user = (line: number): { kind: 'user'; file: string; line: number } => ({
      kind: 'user',
      file,
      line,
    })
    const page = openSettingsPage('/home/ann')({
      settings: [
        {
          key: 'store',
          value: '/home/ann/backups',
          kind: 'other',
          from: { kind: 'given', name: '--safe-store' },
        },
        { key: 'preflight.maxAge', value: 7_200_000, kind: 'duration', from: user(3) },
        { key: 'keep.size', value: 2e10, kind: 'size', from: null },
        { key: 'yes', value: true, kind: 'other', from: { kind: 'given', name: 'SAFE_COMPOSE_YES' } },
        { key: 'allow', value: [], kind: 'other', from: null },
        { key: 'always', value: false, kind: 'other', from: null },
      ],
      rules: [
        {
          rule: 'down-volumes',
          levels: { person: ['ask'], script: ['refuse'], agent: ['refuse'] },
          from: { script: user(5) },
        },
        {
          rule: 'rm-v',
          levels: { person: ['off'], script: ['off'], agent: ['refuse', 'back-up'] },
          from: { person: user(6), script: user(6), agent: user(6) },
        },
        { rule: 'run-anon', levels: { person: ['warn'], script: ['warn'], agent: ['warn'] }, from: {} },
      ],
      project: {
        directory: '/srv/shop',
        projectFiles: [{ file: '/srv/shop/.safe-compose.yaml', trust: 'changed' }],
      },
      schema: '/usr/lib/safe-compose/schema.json',
    })
    expect(`\n${page}`).toBe(`
SETTING                         VALUE       FROM
store                           ~/backups   --safe-store
preflight.maxAge                2 h         ~/.config/safe-compose/config.yaml:3
keep.size                       20 GB       built in
--safe-yes                      yes         SAFE_COMPOSE_YES
--safe-allow                    none        built in
always back up and go on here   no          built in

RULE           PERSON   SCRIPT   AGENT               FROM
down-volumes   ask      refuse   refuse              script: ~/.config/safe-compose/config.yaml:5
rm-v           off      off      refuse or back-up   ~/.config/safe-compose/config.yaml:6
run-anon       warn     warn     warn                built in

/srv/shop/.safe-compose.yaml: it changed since you trusted the project: it may only add protection
schema for editors: /usr/lib/safe-compose/schema.json
`)
  })

  test('the projects that are trusted', () => {
    const now = new Date('2026-11-23T20:15:00Z')
    expect(trustedPage([], now)).toBe('no project is trusted\n')
    const project = {
      directory: '/srv/shop',
      directoryId: '1:2',
      trustedAt: '2026-11-23T20:13:00Z',
      configurations: [{ file: '.safe-compose.yaml', sha256: '' }],
      disposable: ['volume shop_cache'],
    }
    expect(trustedPage([project], now)).toBe(
      'DIRECTORY   SINCE       CONFIGURATION        DISPOSABLE\n' +
        '/srv/shop   2 min ago   .safe-compose.yaml   volume shop_cache\n',
    )
  })
})

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
