import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { librariesIn } from '../../src/adapters/host/bundled-libraries.ts'
import { root } from '../architecture/project-files.ts'

interface BuildParts {
  readonly buildAll: (folder: string, options: { readonly write: boolean }) => Promise<Metafile>
}

const dist = (name: string): string => join(root, 'dist', name)

/** What esbuild says got into the bundle, by a build of its own: `name version`, of packages. */
async function bundled(): Promise<readonly string[]> {
  const { buildAll } = (await import(join(root, '.build/parts.js'))) as BuildParts
  const { outputs } = await buildAll(join(tmpdir(), 'not-written'), { write: false })
  const paths = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const folders = paths.flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [])
  const names = [...new Set(folders)].map(folder => {
    const text = readFileSync(join(root, folder, 'package.json'), 'utf8')
    const { name, version } = JSON.parse(text) as { name: string; version: string }
    return `${name} ${version}`
  })
  return [...new Set(names)].toSorted()
}

describe('what is bundled', () => {
  let inBundle: readonly string[] = []
  beforeAll(async () => {
    inBundle = await bundled()
  })

  test('is what the bill of materials lists, each with a licence', () => {
    expect(inBundle.length).toBeGreaterThan(30)
    const listed = librariesIn(readFileSync(dist('sbom.cdx.json'), 'utf8'))
    expect(listed.map(({ name, version }) => `${name} ${version}`).toSorted()).toEqual(inBundle)
    expect(listed.filter(({ licenses }) => licenses.length === 0)).toEqual([])
    const bill = JSON.parse(readFileSync(dist('sbom.cdx.json'), 'utf8')) as Record<string, unknown>
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' })
    expect(bill['metadata']).toMatchObject({ component: { name: 'safe-compose' } })
  })

  test('has the text of its licence, each package', () => {
    const sections = readFileSync(dist('licenses.txt'), 'utf8').split(`\n\n${'-'.repeat(80)}\n\n`)
    const texts = new Map(
      sections.map(section => {
        const [head = '', , ...text] = section.split('\n')
        return [head.replace(/ \([^()]*\)$/, ''), text.join('\n')]
      }),
    )
    expect([...texts.keys()].toSorted()).toEqual(inBundle)
    for (const [name, text] of texts)
      expect(text, name).toMatch(
        /permission is hereby granted|permission to use, copy|Apache License|Redistribution and use/i,
      )
  })
})
