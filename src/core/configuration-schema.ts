import { audienceKinds, ruleLevels } from './levels.ts'
import { loginsSchema } from './logins.ts'
import { pathPattern, storePattern } from './configuration.ts'
import { channelsSchema } from './channel-schema.ts'
import type { KnownRule } from './configuration.ts'
import { recipientPattern } from './recipients.ts'
import { settingGroups, settingKeys } from './setting-keys.ts'
import type { SettingKey } from './setting-keys.ts'

/** Where the package keeps the schema. */
export const schemaFile = 'src/schemas/config.schema.json'

/**
 * The JSON schema of a configuration, for editors: what `readConfiguration` accepts, made from the same tables. The
 * file of it is written by `npm run generate`.
 */
export function configurationSchema(rules: readonly (KnownRule & { readonly title: string })[]): object {
  const groups = [...settingGroups()].map(([group, names]) => [
    group,
    closed(
      Object.fromEntries([
        ...names.flatMap(name => {
          const setting = settingKeys.find(({ key }) => key === `${group}.${name}`)
          return setting === undefined ? [] : [[name, settingSchema(setting)]]
        }),
        ...(group === 'notify' ? [['channels', channelsSchema()]] : []),
      ]),
    ),
  ])
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'safe-compose configuration',
    description:
      'config.yaml of a user, .safe-compose.yaml of a project, or x-safe-compose in a Compose file',
    definitions: {
      level: { enum: ruleLevels },
      levels: {
        anyOf: [
          { $ref: '#/definitions/level' },
          {
            ...closed(Object.fromEntries(audienceKinds.map(kind => [kind, { $ref: '#/definitions/level' }]))),
            type: 'object',
          },
        ],
      },
    },
    ...closed({
      store: {
        type: 'string',
        pattern: storePattern.source,
        description:
          'where restore points go: an absolute path, one that begins with ~/, or restic:REPOSITORY',
      },
      rules: {
        description: 'what each rule leads to, for everybody or by who asks',
        ...closed(
          Object.fromEntries(
            rules.map(({ id, title }) => [
              id,
              { description: title, allOf: [{ $ref: '#/definitions/levels' }] },
            ]),
          ),
        ),
      },
      critical: {
        type: ['array', 'null'],
        description: 'what `health` asks the databases: counts that must not get out of their limits',
        items: {
          ...closed({
            service: { type: 'string', description: 'the service of the database' },
            database: { type: ['string', 'integer', 'null'], description: 'may be left out for Redis' },
            query: {
              type: 'string',
              description: 'a query that gives one number; for Redis a command that counts, such as dbsize',
            },
            min: { type: ['number', 'null'], description: 'fewer are too few' },
            max: { type: ['number', 'null'], description: 'more are too many' },
          }),
          type: 'object',
          required: ['service', 'query'],
        },
      },
      logins: loginsSchema,
      encrypt: {
        description: "a user's: backups are encrypted with age",
        ...closed({
          recipients: {
            type: ['array', 'null'],
            minItems: 1,
            items: { type: 'string', pattern: recipientPattern.source },
            description: 'public keys; whoever has the identity of one of them can open the backups',
          },
          identityFile: {
            type: ['string', 'null'],
            pattern: pathPattern.source,
            description: 'the file with the identity, needed only to open backups; never in a store',
          },
        }),
      },
      copies: {
        type: ['array', 'null'],
        items: { type: 'string', pattern: storePattern.source },
        description: "a user's: folders, and restic repositories, that every restore point is copied to",
      },
      ...Object.fromEntries(groups),
    }),
  }
}

/** A file may leave a mapping empty, which YAML reads as null. */
function closed(properties: object): object {
  return { type: ['object', 'null'], additionalProperties: false, properties }
}

function settingSchema({ kind, least, about }: SettingKey): object {
  switch (kind) {
    case 'duration':
      return { description: about, anyOf: [{ type: 'string', pattern: durationPattern }, { const: 0 }] }
    case 'size':
      return { description: about, type: 'string', pattern: sizePattern }
    case 'count':
      return { description: about, type: 'integer', minimum: least }
  }
}

const durationPattern = String.raw`^\s*(\d+(\.\d+)?\s*(ms|s|min|m|h|d|w)\s*)+$`
const sizePattern = String.raw`^\s*\d+(\.\d+)?\s*(B|[kKMGTP]i?B)\s*$`
