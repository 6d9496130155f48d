import { describe, expect, test } from 'vitest'
import { pg18VolumeMoved } from '../../../src/core/rules/pg18-volume-moved.ts'
import type { Contents } from '../../../src/model/holding.ts'
import type { Facts } from '../../../src/model/facts.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  anonymousName,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const parent = '/var/lib/postgresql'
const line = 'up -d'
const image = (major: number) =>
  anImage(`postgres:${major}`, {
    id: `sha256:pg${major}`,
    volumes: [major >= 18 ? parent : data],
    versions: { PG_MAJOR: String(major) },
    settings: { PGDATA: major >= 18 ? `${parent}/${major}/docker` : data },
  })
const images = [image(15), image(17), image(18), image(19)]
const cluster = (major: number, path = '', others?: readonly { label: string; path: string }[]): Contents =>
  someContents({
    database: {
      kind: 'postgresql',
      label: `PostgreSQL ${major}`,
      path,
      identity: null,
      ...(others === undefined ? {} : { others }),
    },
  })
const anonymous = aVolume(anonymousName('a'))
const pg = aVolume('shop_pg')

const container = (major: number, mounts: readonly string[]) =>
  aContainer('db', {
    image: `postgres:${major}`,
    imageId: `sha256:pg${major}`,
    mounts,
    details: { settings: { PGDATA: major >= 18 ? `${parent}/${major}/docker` : data } },
  })

/** The service goes from one major to another; `has` is what its container mounts, `says` what the file does. */
function upgrade(
  from: number | null,
  to: number,
  has: readonly string[],
  says: readonly string[],
  contents: Facts['contents'],
): Facts {
  return aProject({
    services: [aService('db', { image: `postgres:${to}`, mounts: says })],
    images,
    containers: from === null ? [] : [container(from, has)],
    volumes: [anonymous, pg],
    hashes: { db: 'hash-2' },
    contents,
  })
}

const inAnonymous = looked([anonymous, cluster(17)], [pg, nothingInIt])

describe('found', () => {
  test('17 → 18 with the parent mounted: the data is in the anonymous volume', () => {
    const facts = upgrade(
      17,
      18,
      [`${anonymous.name}:${data}`, `shop_pg:${parent}`],
      [`pg:${parent}`],
      inAnonymous,
    )
    const [finding] = expectFound(pg18VolumeMoved, { line, facts }, { [`db:${data}`]: 'hidden' })
    expect(finding?.wouldUse).toEqual({ name: 'shop_pg, folder 18/docker', state: 'missing' })
    expect(finding?.because).toContain('PostgreSQL 18 looks at /var/lib/postgresql/18/docker')
    expect(finding?.because).toContain('PostgreSQL 17 is in an anonymous volume')
    expect(finding?.instead).toBe('docker compose up -d --no-recreate')
  })

  test('15 → 18 with nothing mounted, also when nobody could look', () => {
    const facts = upgrade(15, 18, [`${anonymous.name}:${data}`], [], looked([anonymous, cluster(15)]))
    const [finding] = expectFound(pg18VolumeMoved, { line, facts }, { [`db:${data}`]: 'hidden' })
    expect(finding?.wouldUse?.name).toBe(`a new anonymous volume at ${parent}`)
    expectFound(pg18VolumeMoved, { line, facts: { ...facts, contents: {} } }, { [`db:${data}`]: 'hidden' })
  })

  test('the volume with the old cluster stays at the old place, or goes to the new one', () => {
    const contents = looked([pg, cluster(17)])
    for (const target of [data, parent]) {
      const facts = upgrade(17, 18, [`shop_pg:${data}`], [`pg:${target}`], contents)
      const [finding] = expectFound(pg18VolumeMoved, { line, facts }, { shop_pg: 'hidden' })
      expect(finding?.because).toContain('start empty, or not at all')
    }
  })

  test('after down: the volume tells by what is in it', () => {
    const facts = upgrade(null, 18, [], [`pg:${parent}`], looked([pg, cluster(15)]))
    expectFound(pg18VolumeMoved, { line, facts }, { shop_pg: 'hidden' })
    expect(pg18VolumeMoved.looksInto?.(facts, typed(line), circumstances())).not.toEqual([])
  })

  test('back from 18 to 17 with the parent mounted', () => {
    const contents = looked([pg, cluster(18, '18/docker')])
    const back = upgrade(18, 17, [`shop_pg:${parent}`], [`pg:${parent}`], contents)
    const [finding] = expectFound(pg18VolumeMoved, { line, facts: back }, { shop_pg: 'hidden' })
    expect(finding?.wouldUse?.name).toBe(`a new anonymous volume at ${data}`)
    expectFound(
      pg18VolumeMoved,
      { line, facts: upgrade(null, 17, [], [`pg:${parent}`], contents) },
      { shop_pg: 'hidden' },
    )
  })

  test('the layout of the first images of 18: a folder for the version, mounted at data', () => {
    const facts = upgrade(null, 18, [], [`pg:${data}`], looked([pg, cluster(18, '18/docker')]))
    const [finding] = expectFound(pg18VolumeMoved, { line, facts }, { shop_pg: 'hidden' })
    expect(finding?.remedies).toEqual([
      expect.objectContaining({ line: expect.stringContaining(`volumes: [KEY:${parent}]`) }),
    ])
  })

  test('an image that is not there yet is told by its tag', () => {
    const facts = upgrade(17, 18, [`${anonymous.name}:${data}`], [], inAnonymous)
    const services = [aService('db', { image: 'pgvector/pgvector:pg18' })]
    const model = { ...facts.model, name: 'shop', services, volumes: [] }
    expectFound(pg18VolumeMoved, { line, facts: { ...facts, model } }, { [`db:${data}`]: 'hidden' })
  })
})

describe('quiet', () => {
  const bad = upgrade(17, 18, [`${anonymous.name}:${data}`], [`pg:${parent}`], inAnonymous)

  test('18 with its parent mounted, first and again', () => {
    const first = upgrade(null, 18, [], [`pg:${parent}`], {})
    expectQuiet(pg18VolumeMoved, { line, facts: { ...first, volumes: [] } }, { facts: bad })
    const again = upgrade(
      18,
      18,
      [`shop_pg:${parent}`],
      [`pg:${parent}`],
      looked([pg, cluster(18, '18/docker')]),
    )
    expectQuiet(pg18VolumeMoved, { line, facts: again }, { facts: bad })
    const after = upgrade(null, 18, [], [`pg:${parent}`], looked([pg, cluster(18, '18/docker')]))
    expectQuiet(pg18VolumeMoved, { line, facts: after }, { facts: bad })
  })

  test('the new cluster is there already, beside the old one', () => {
    const both = cluster(17, '17/docker', [{ label: 'PostgreSQL 18', path: '18/docker' }])
    const facts = upgrade(null, 18, [], [`pg:${parent}`], looked([pg, both]))
    expectQuiet(pg18VolumeMoved, { line, facts }, { facts: bad })
  })

  test('15 → 17 at the same place is told by other rules', () => {
    const facts = upgrade(15, 17, [`shop_pg:${data}`], [`pg:${data}`], looked([pg, cluster(15)]))
    expectQuiet(pg18VolumeMoved, { line, facts }, { facts: bad })
  })

  test('15 → 17 with an anonymous volume, which is handed on', () => {
    const facts = upgrade(15, 17, [`${anonymous.name}:${data}`], [], looked([anonymous, cluster(15)]))
    expectQuiet(pg18VolumeMoved, { line, facts }, { facts: bad })
  })

  test('an old container without a cluster: it never came up', () => {
    const empty = { ...bad, contents: looked([anonymous, nothingInIt]) }
    expectQuiet(pg18VolumeMoved, { line, facts: empty }, { facts: bad })
    const created = {
      ...bad,
      containers: bad.containers.map(each => ({ ...each, state: 'created' as const })),
    }
    expectQuiet(pg18VolumeMoved, { line, facts: created }, { facts: bad })
  })

  test.each(['up -d --no-recreate', 'restart', 'stop', 'down', 'up -d --dry-run'])('%s', words =>
    expectQuiet(pg18VolumeMoved, { line: words, facts: bad }, { line }),
  )
})
