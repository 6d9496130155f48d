import { describe, expect, test } from 'vitest'
import { readTree } from '../../src/adapters/configuration/read-tree.ts'
import { lint } from '../../src/commands/lint.ts'
import { lintFiles, lintRules } from '../../src/core/lint/index.ts'
import { substitute } from '../../src/core/lint/variables.ts'
import { lintRenderers } from '../../src/ui/lint.ts'

async function found(text: string, ...more: readonly string[]): Promise<readonly string[]> {
  const files = await Promise.all([text, ...more].map((each, index) => readTree(`${index}.yaml`, each)))
  const names = new Set(files.map(({ file }) => file))
  return lintFiles(files, names).map(({ rule, at }) => `${at.file}:${at.line}:${at.column} ${rule}`)
}

async function rules(text: string, ...more: readonly string[]): Promise<readonly string[]> {
  return (await found(text, ...more)).map(line => line.split(' ')[1] ?? '')
}

/** A service in a project whose volumes keep their names. */
function service(lines: string, volumes = 'v'): string {
  return `name: shop\nservices:\n  db: { ${lines} }\nvolumes: { ${volumes}: }\n`
}

const postgres = 'volumes: [v:/var/lib/postgresql/data]'

const dangers: readonly (readonly [string, string])[] = [
  ['uncovered-data-path', service('image: postgres:15')],
  ['uncovered-data-path', service('image: postgres:15, volumes: [v:/var/lib/postgresql]')],
  ['uncovered-data-path', service('image: postgres:15, volumes: [v:/var/lib/postgres/data]')],
  ['uncovered-data-path', service('image: postgres:15, volumes: [/var/lib/postgresql/data]')],
  ['uncovered-data-path', service('image: mongo:7, volumes: [v:/data]')],
  ['uncovered-data-path', service('image: mariadb:11, volumes: [v:/var/lib/mariadb]')],
  ['uncovered-data-path', service('image: redis:7, command: redis-server --appendonly yes')],
  [
    'uncovered-data-path',
    service('image: postgres:15, environment: { PGDATA: /srv/pg }, volumes: [v:/var/lib/postgresql/data]'),
  ],
  ['writable-layer', service('image: "grafana/grafana:11.1.0"')],
  ['writable-layer', service('image: "mcr.microsoft.com/mssql/server:2022-latest"')],
  ['pg18-volume-moved', service(`image: postgres:18, ${postgres}`)],
  ['pg18-volume-moved', service(`image: "pgvector/pgvector:pg18", ${postgres}`)],
  ['floating-tag', service(`image: postgres, ${postgres}`)],
  ['floating-tag', service(`image: "postgres:alpine", ${postgres}`)],
  ['floating-tag', service(`image: "mysql:\${TAG:-latest}", volumes: [v:/var/lib/mysql]`)],
  ['relative-bind', service('image: postgres:15, volumes: ["./data:/var/lib/postgresql/data"]')],
  [
    'relative-bind',
    service('image: mysql:8, volumes: [{ type: bind, source: ../data, target: /var/lib/mysql }]'),
  ],
  ['two-writers', service(`image: postgres:15, scale: 2, ${postgres}`)],
  ['two-writers', service(`image: postgres:15, deploy: { replicas: 3 }, ${postgres}`)],
  ['tmpfs-on-data', service('image: mysql:8, tmpfs: /var/lib/mysql')],
  ['tmpfs-on-data', service('image: mysql:8, volumes: [{ type: tmpfs, target: /var/lib/mysql }]')],
  [
    'tmpfs-on-data',
    'name: a\nservices: { db: { image: mysql:8, volumes: [v:/var/lib/mysql] } }\nvolumes: { v: { driver_opts: { type: tmpfs } } }\n',
  ],
  ['unclean-stop', service(`image: postgres:15, stop_grace_period: 1s, ${postgres}`)],
  ['unclean-stop', service(`image: postgres:15, stop_signal: SIGKILL, ${postgres}`)],
  ['state-dir-follows-hostname', service('image: "rabbitmq:3", volumes: [v:/var/lib/rabbitmq]')],
  ['unpinned-name', `services: { db: { image: postgres:15, ${postgres} } }\nvolumes: { v: }\n`],
  ['unpinned-name', 'services: { web: { image: nginx, volumes: [v:/srv] } }\nvolumes: { v: }\n'],
  [
    'override-and-env-drift',
    `name: a\nservices: { db: { image: postgres:15, ${postgres} } }\nvolumes: { v: { name: "x_\${STAGE}" } }\n`,
  ],
  ['bind-source-missing-or-moved', service('image: mysql:8, volumes: ["${DIR}/db:/var/lib/mysql"]')],
  ['external-missing', 'name: a\nvolumes: { v: { external: true, driver: local } }\n'],
  ['external-missing', 'name: a\nvolumes: { v: { name: a, external: { name: b } } }\n'],
  ['unreadable-file', 'services: [\n'],
]

describe('found', () => {
  test.each(dangers)('%s: %s', async (rule, text) => {
    expect(await rules(text)).toEqual([rule])
  })

  test('two services that keep the same database', async () => {
    const one = `image: postgres:15, ${postgres}`
    expect(await rules(`name: a\nservices: { a: { ${one} }, b: { ${one} } }\nvolumes: { v: }\n`)).toEqual([
      'two-writers',
    ])
  })

  test('every check is held by one of these', () => {
    expect([...new Set(dangers.map(([rule]) => rule))].toSorted()).toEqual(
      lintRules.map(({ id }) => id).toSorted(),
    )
  })

  test('line and column are those of what is meant', async () => {
    const text = `# a shop
services:
  db:
    image: postgres
    volumes:
      - type: volume
        source: data
        target: /var/lib/postgresql/data
volumes:
  data:
`
    expect(await found(text)).toEqual(['0.yaml:4:12 floating-tag', '0.yaml:10:3 unpinned-name'])
  })
})

describe('left alone', () => {
  test.each([
    service(`image: postgres:15, ${postgres}`),
    service('image: postgres:18, volumes: [v:/var/lib/postgresql]'),
    service(
      'image: postgres:18, environment: [PGDATA=/var/lib/postgresql/data/pg], volumes: [v:/var/lib/postgresql/data]',
    ),
    service(
      'image: postgres:15, environment: { PGDATA: /var/lib/postgresql/data/pg }, volumes: [v:/var/lib/postgresql/data]',
    ),
    service(`image: "postgres@sha256:0123", ${postgres}`),
    service(`image: "postgres:\${PG}", ${postgres}`),
    service('image: mysql:8, command: --datadir=/srv/db, volumes: [v:/srv]'),
    service('image: redis'),
    service('image: redis:7, volumes: [v:/data]'),
    service('image: "elasticsearch:8.1", volumes: [v:/usr/share/elasticsearch]'),
    service('image: nginx, volumes: ["./site:/srv", v:/srv/x]'),
    service('image: mysql:8, volumes: ["${DIR:?say where}/db:/var/lib/mysql"]'),
    service('image: mysql:8, volumes: ["${DIR:-/srv}/db:/var/lib/mysql"]'),
    service('image: mysql:8, volumes: ["./my.cnf:/etc/mysql/my.cnf:ro", v:/var/lib/mysql]'),
    service(`image: postgres:15, deploy: { replicas: 1 }, stop_grace_period: 1m, ${postgres}`),
    service('image: "rabbitmq:3", hostname: mq, volumes: [v:/var/lib/rabbitmq]'),
    service('image: "rabbitmq:3", environment: { RABBITMQ_NODENAME: mq@mq }, volumes: [v:/var/lib/rabbitmq]'),
    service('extends: { file: base.yaml, service: db }, image: postgres:15'),
    'services: { web: { image: node, volumes: [v:/app/node_modules] } }\nvolumes: { v: }\n',
    `services: { db: { image: postgres:15, ${postgres} } }\nvolumes: { v: { name: shop_v } }\n`,
    `services: { db: { image: postgres:15, ${postgres} } }\nvolumes: { v: { external: true } }\n`,
    `name: a\nservices: { a: { image: postgres:15, ${postgres} }, b: { image: postgres:15, command: pg_dumpall, ${postgres} } }\nvolumes: { v: }\n`,
    'x-db: &db { image: postgres:15, volumes: [v:/var/lib/postgresql/data] }\nname: a\nservices: { db: { <<: *db } }\nvolumes: { v: }\n',
    'name: a\nservices: { base: { image: postgres:15, volumes: [v:/var/lib/postgresql/data] }, db: { extends: base, profiles: [x] } }\nvolumes: { v: }\n',
    'a: &a [*a]\nname: x\n',
    '',
    'just words',
  ])('%s', async text => {
    expect(await found(text)).toEqual([])
  })

  test('what another file of the project says', async () => {
    const over = 'services: { db: { volumes: [v:/var/lib/postgresql/data] } }\nvolumes: { v: { name: x } }\n'
    expect(await rules('services: { db: { image: postgres:15 } }\n', over)).toEqual([])
    expect(await rules('services: { db: { image: postgres:15 } }\n')).toEqual(['uncovered-data-path'])
  })

  test('what a comment silences: on the line, or alone on the line above; only the rules it names', async () => {
    const text = (above: string, own: string): string =>
      `name: a\nservices:\n  db:\n${above}    image: postgres${own}\n    ${postgres}\nvolumes: { v: }\n`
    expect(await rules(text('', ''))).toEqual(['floating-tag'])
    expect(await rules(text('', ' # safe-compose-ignore floating-tag'))).toEqual([])
    expect(await rules(text('    # safe-compose-ignore relative-bind, floating-tag: a toy\n', ''))).toEqual(
      [],
    )
    expect(await rules(text('', ' # safe-compose-ignore relative-bind'))).toEqual(['floating-tag'])
    expect(await rules(text('    restart: always # safe-compose-ignore floating-tag\n', ''))).toEqual([
      'floating-tag',
    ])
  })
})

test('where there is no Compose file, that is said', async () => {
  const nowhere = {
    directory: '/srv',
    findFiles: async () => [],
    readText: async () => null,
    parse: readTree,
    print: () => {},
    render: () => '',
  }
  await expect(lint([], nowhere)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
})

test('variables: defaults count, what must be set is no default, a dollar is a dollar', () => {
  expect(substitute('a${B:-b}${C-c}$D${E}${F:?no}$$G')).toEqual({ text: 'abc$G', open: ['D', 'E'] })
  expect(substitute('${A:-${B:-b}}')).toEqual({ text: 'b', open: [] })
})

describe('formats', () => {
  const text = `services:\n  "d,b%": { image: postgres, ${postgres} }\nvolumes: { v: { name: x } }\n`
  async function rendered(format: keyof typeof lintRenderers): Promise<string> {
    const file = await readTree('a dir/compose.yaml', text)
    return lintRenderers[format](lintFiles([file], new Set(['a dir/compose.yaml'])), 1, '1.2.3')
  }

  test('text', async () => {
    expect(await rendered('text')).toMatch(
      /^a dir\/compose\.yaml:2:20: warning: d,b% uses postgres.* \(floating-tag\)\n {4}instead: {2}postgres:MAJOR\n1 found in 1 file\n$/,
    )
    expect(lintRenderers.text([], 2, '1')).toBe('nothing found in 2 files\n')
  })

  test('json', async () => {
    expect(JSON.parse(await rendered('json'))).toEqual([
      {
        rule: 'floating-tag',
        level: 'warning',
        file: 'a dir/compose.yaml',
        line: 2,
        column: 20,
        message: expect.stringContaining('d,b%'),
        instead: 'postgres:MAJOR',
      },
    ])
  })

  test('github: what would end a value is escaped', async () => {
    expect(await rendered('github')).toMatch(
      /^::warning file=a dir\/compose\.yaml,line=2,col=20,title=floating-tag::d,b%25 uses .*%0Ainstead: postgres:MAJOR\n$/,
    )
    expect(lintRenderers.github([], 1, '1')).toBe('')
  })

  test('sarif 2.1.0: every result names a rule of the driver, and where', async () => {
    const log = JSON.parse(await rendered('sarif')) as {
      version: string
      runs: {
        tool: { driver: { name: string; version: string; rules: { id: string }[] } }
        results: {
          ruleId: string
          ruleIndex: number
          level: string
          message: { text: string }
          locations: unknown[]
        }[]
      }[]
    }
    expect(log.version).toBe('2.1.0')
    const [run] = log.runs
    expect(run?.tool.driver).toMatchObject({ name: 'safe-compose', version: '1.2.3' })
    const [result] = run?.results ?? []
    expect(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('floating-tag')
    expect(result).toMatchObject({
      ruleId: 'floating-tag',
      level: 'warning',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20dir/compose.yaml' },
            region: { startLine: 2, startColumn: 20 },
          },
        },
      ],
    })
    expect(result?.message.text).not.toBe('')
  })
})
