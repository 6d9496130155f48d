import { parseArgs } from 'node:util'
import { Stop } from '../model/failure.ts'
import type { About } from '../model/about.ts'

export interface AboutTools {
  readonly tell: () => Promise<About>
  readonly print: (text: string) => void
  readonly page: (about: About) => string
}

/** `about [--json]`: what this is and what it works with. Asks no engine and nobody on a network. */
export async function about(words: readonly string[], tools: AboutTools): Promise<number> {
  const json = wantsJson(words)
  const told = await tools.tell()
  tools.print(json ? `${JSON.stringify(told, null, 2)}\n` : tools.page(told))
  return 0
}

function wantsJson(words: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...words], options: { json: { type: 'boolean' } } }).values.json === true
  } catch {
    throw new Stop({
      reason: 'bad-usage',
      what: `about does not know ${words.join(' ')}`,
      how: 'safe-compose about [--json]',
    })
  }
}
