import { describe, expect, test } from 'vitest'
import { sharesData, sharesVolumes } from '../../src/core/own-project.ts'

const apart = [
  'services: {}\n',
  'services:\n  db:\n    container_name: db\n    volumes:\n      - pgdata:/var/lib/postgresql/data\nvolumes:\n  pgdata:\n',
  'name: shop\nvolumes:\n  pgdata: {}\n  redis:\n    driver: local\nnetworks:\n  front:\n    name: front\n',
  'services:\n  web:\n    volumes:\n      - ./src:/app\n      - "/etc/localtime:/etc/localtime:ro"\n',
  'volumes:\n  pgdata: # name: no\n',
]

const sharedVolumes = [
  'volumes:\n  pgdata:\n    name: shop_pgdata\n',
  'volumes:\n  pgdata: { name: shop_pgdata }\n',
  'volumes: { pgdata: { name: shop_pgdata } }\n',
  '"volumes":\n  pgdata:\n    "name": shop_pgdata\n',
  'volumes:\n  pgdata: *shared\n',
  'volumes:\n  pgdata:\n    <<: *shared\n',
  'include:\n  - other.yaml\n',
  'services:\n  db:\n    extends:\n      file: base.yaml\n',
]

const sharedOtherwise = [
  'volumes:\n  pgdata:\n    external: true\n',
  'services:\n  db:\n    volumes:\n      - ./pgdata:/var/lib/postgresql/data\n',
  'services:\n  db:\n    volumes:\n      - "${DATA}:/var/lib/mysql:rw"\n',
  'services:\n  db:\n    volumes:\n      - type: bind\n        source: ./x\n        target: /var/lib/mysql\n',
]

describe('what another project of the same files would have for itself', () => {
  test.each(apart)('everything: %j', text => {
    expect([sharesVolumes(text), sharesData(text)]).toEqual([false, false])
  })

  test.each(sharedVolumes)('not its volumes: %j', text => {
    expect([sharesVolumes(text), sharesData(text)]).toEqual([true, true])
  })

  test.each(sharedOtherwise)('its volumes, but not all data: %j', text => {
    expect([sharesVolumes(text), sharesData(text)]).toEqual([false, true])
  })
})
