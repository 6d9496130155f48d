import { isDataPath } from './data-paths.ts'

/**
 * Whether a project of another name might share volumes with others all the same: its file gives them names of their
 * own, or takes in other files. Told from the lines of the text, without reading it as YAML; in doubt it does.
 */
export function sharesVolumes(text: string): boolean {
  if (/^\s*include\s*:|^\s*extends\s*:|^\s*["']?volumes["']?\s*:\s*[{&*!]/m.test(text)) return true
  const lines = text.split('\n')
  const start = lines.findIndex(line => /^["']?volumes["']?\s*:/.test(line))
  if (start < 0) return false
  const rest = lines.slice(start + 1)
  const end = rest.findIndex(line => /^[^\s#]/.test(line))
  const block = end < 0 ? rest : rest.slice(0, end)
  return block.some(line => /(^|[\s{,])["']?name["']?\s*:|[&*]\w|<<\s*:/.test(line.replace(/\s#.*$/, '')))
}

/**
 * Whether it might share data of any kind: then it is no way to a clean database. Besides volumes with names of their
 * own those are external ones, and directories of the host where a database's data lies.
 */
export function sharesData(text: string): boolean {
  if (sharesVolumes(text) || /\bexternal["']?\s*:/.test(text)) return true
  const binds = text.matchAll(/^\s*-\s*["']?[./~$][^:\n]*:(\/[^:"'\s]+)/gm)
  const longBinds = /\btype["']?\s*:\s*["']?bind\b/.test(text)
  return longBinds || [...binds].some(([, target = '']) => isDataPath(target))
}
