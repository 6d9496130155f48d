import { escapeName } from '../core/escape.ts'
import type { About, FoundProgram } from '../model/about.ts'
import { columns } from './columns.ts'

/** `about` for people. */
export function aboutPage(about: About): string {
  const { compose, docker, store, libraries } = about
  const form = compose.form === undefined ? '' : `, ${forms[compose.form]}`
  return `${[
    `safe-compose ${about.version} (${about.license})`,
    '',
    ...columns(
      [
        ['installed', escapeName(about.installed)],
        ['Node', `${about.node.version}, ${about.platform} (${escapeName(about.node.path)})`],
        ['Compose', programWords(compose, form)],
        ['docker', programWords(docker, '')],
        [
          'store',
          store.name === null ? `cannot be told: ${escapeName(store.why ?? '')}` : escapeName(store.name),
        ],
        ['network', 'the engine, and what you configure; nothing else is called'],
      ],
      '   ',
    ),
    '',
    ...libraryLines(libraries),
  ].join('\n')}\n`
}

const forms: Readonly<Record<NonNullable<About['compose']['form']>, string>> = {
  plugin: 'plugin of docker',
  standalone: 'standalone',
  v1: 'version 1',
}

function programWords({ path, version, why }: FoundProgram, form: string): string {
  if (path === null) return `not found${why === undefined ? '' : `: ${escapeName(why)}`}`
  return `${escapeName(version ?? 'version unknown')}${form} (${escapeName(path)})`
}

function libraryLines(libraries: About['libraries']): readonly string[] {
  if (libraries === null) return ['Runs from its sources: nothing is bundled.']
  return [
    `${libraries.length} libraries are bundled; their licences: dist/licenses.txt, for programs: dist/sbom.cdx.json`,
    '',
    ...columns(
      libraries.map(({ name, version, licenses }) => [`  ${name}`, version, licenses.join(', ')]),
      '   ',
    ),
  ]
}
