import { escapeName } from '../core/escape.ts'
import { plural } from '../core/format.ts'
import type { LintFinding } from '../core/lint/check.ts'
import { lintRules } from '../core/lint/index.ts'

type Render = (found: readonly LintFinding[], files: number, version: string) => string

/** For people: a line each as compilers have it, and the way out below. */
const asText: Render = (found, files) =>
  `${[
    ...found.flatMap(({ at, level, rule, message, instead }) => [
      `${escapeName(at.file)}:${at.line}:${at.column}: ${level}: ${escapeName(message)} (${rule})`,
      ...(instead === null ? [] : [`    instead:  ${escapeName(instead)}`]),
    ]),
    `${found.length === 0 ? 'nothing' : found.length} found in ${plural(files, 'file')}`,
  ].join('\n')}\n`

const asJson: Render = found =>
  `${JSON.stringify(
    found.map(({ at, rule, level, message, instead }) => ({ rule, level, ...at, message, instead })),
    null,
    2,
  )}\n`

/** SARIF 2.1.0, which code hosts and editors read. */
const asSarif: Render = (found, _, version) => {
  const rules = lintRules.map(({ id, title, level }) => ({
    id,
    shortDescription: { text: title },
    defaultConfiguration: { level },
  }))
  const results = found.map(({ at, rule, level, message, instead }) => ({
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level,
    message: { text: instead === null ? message : `${message}. Instead: ${instead}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(at.file) },
          region: { startLine: at.line, startColumn: at.column },
        },
      },
    ],
  }))
  const tool = { driver: { name: 'safe-compose', version, rules } }
  const schema = 'https://json.schemastore.org/sarif-2.1.0.json'
  const run = { tool, columnKind: 'utf16CodeUnits', results }
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, null, 2)}\n`
}

/** Relative ones stay relative to where it was run. */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/')
  return file.startsWith('/') ? `file://${path}` : path
}

/** Annotations of GitHub Actions. */
const asGithub: Render = found =>
  found
    .map(({ at, level, rule, message, instead }) => {
      const text = instead === null ? message : `${message}\ninstead: ${instead}`
      const properties = { file: at.file, line: at.line, col: at.column, title: rule }
      const listed = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`)
      return `::${level} ${listed.join(',')}::${data(text)}\n`
    })
    .join('')

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

export const lintRenderers = { text: asText, json: asJson, sarif: asSarif, github: asGithub } as const
