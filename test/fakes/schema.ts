/**
 * What is wrong with a value by a JSON Schema, a line each. Knows the words that our schemas use, and throws at any
 * other, so that none is passed over.
 */
export function faultsAgainst(schema: unknown, value: unknown): readonly string[] {
  const root = recordOf(schema)
  return faults(root, root, value, '')
}

type Schema = Readonly<Record<string, unknown>>

/** Words that say nothing about a value. */
const descriptions = new Set(['$schema', '$id', '$defs', 'title', 'description', 'default', 'examples'])

const checks: Readonly<
  Record<string, (root: Schema, schema: Schema, value: unknown, path: string) => readonly string[]>
> = {
  $ref: (root, { $ref }, value, path) => faults(root, definition(root, String($ref)), value, path),
  anyOf: (root, { anyOf }, value, path) => {
    const every = listOf(anyOf).map(each => faults(root, recordOf(each), value, path))
    return every.some(each => each.length === 0) ? [] : (every.at(-1) ?? [])
  },
  const: (_, schema, value, path) =>
    value === schema['const'] ? [] : [`${path}: ${JSON.stringify(value)} is not allowed`],
  enum: (_, schema, value, path) =>
    listOf(schema['enum']).includes(value) ? [] : [`${path}: ${JSON.stringify(value)} is not allowed`],
  type: (_, { type }, value, path) => {
    const types = typeof type === 'string' ? [type] : listOf(type)
    return types.some(each => isOfType(value, String(each)))
      ? []
      : [`${path}: ${JSON.stringify(value)} is no ${types.join(' or ')}`]
  },
  required: (_, { required }, value, path) =>
    isRecord(value)
      ? listOf(required).flatMap(key => (String(key) in value ? [] : [`${path} has no ${String(key)}`]))
      : [],
  properties: (root, { properties }, value, path) =>
    isRecord(value)
      ? Object.entries(recordOf(properties)).flatMap(([key, each]) =>
          key in value ? faults(root, recordOf(each), value[key], `${path}.${key}`) : [],
        )
      : [],
  additionalProperties: (_, { properties }, value, path) =>
    isRecord(value)
      ? Object.keys(value).flatMap(key =>
          key in recordOf(properties) ? [] : [`${path}.${key} is not known`],
        )
      : [],
  items: (root, { items }, value, path) =>
    Array.isArray(value)
      ? value.flatMap((each, index) => faults(root, recordOf(items), each, `${path}[${index}]`))
      : [],
}

function faults(root: Schema, schema: Schema, value: unknown, path: string): readonly string[] {
  return Object.keys(schema).flatMap(word => {
    if (descriptions.has(word)) return []
    const check = checks[word]
    if (check === undefined) throw new Error(`the schema says ${word}, which is not known here`)
    return check(root, schema, value, path)
  })
}

function definition(root: Schema, reference: string): Schema {
  const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1]
  const found = name === undefined ? undefined : recordOf(root['$defs'])[name]
  if (found === undefined) throw new Error(`the schema has no ${reference}`)
  return recordOf(found)
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isRecord(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recordOf(value: unknown): Schema {
  if (!isRecord(value)) throw new Error(`no object: ${JSON.stringify(value)}`)
  return value
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
