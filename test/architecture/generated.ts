import { format, resolveConfig } from 'prettier'
import { configurationSchema, schemaFile } from '../../src/core/configuration-schema.ts'
import { rules } from '../../src/core/rules/index.ts'
import { measure } from '../unit/hook/measure.ts'
import { hookDocument, hookDocumentFile } from './hook-document.ts'
import { rulesDocument, rulesDocumentFile } from '../../src/core/rules-document.ts'
import { manPage, manPageFile } from '../../src/ui/man-page.ts'

/** Files that are made from the code, by their path: `npm run generate` writes them, a test holds them to it. */
export async function generatedFiles(): Promise<Readonly<Record<string, string>>> {
  const texts = {
    [rulesDocumentFile]: rulesDocument(rules),
    [hookDocumentFile]: hookDocument(await measure()),
    [schemaFile]: JSON.stringify(configurationSchema(rules)),
  }
  const formatted = Object.entries(texts).map(async ([path, text]) => {
    const options = await resolveConfig(path)
    return [path, await format(text, { ...options, filepath: path })] as const
  })
  return { ...Object.fromEntries(await Promise.all(formatted)), [manPageFile]: manPage() }
}
