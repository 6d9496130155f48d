import { escapeName } from '../core/escape.ts'

/** Text that is markup already. Only `markup` makes it, so that nothing gets onto a page unescaped. */
export interface Markup {
  readonly html: string
}

type Part = string | number | Markup | readonly Markup[] | null

/**
 * Markup of a template: what stands in the template is taken as it is, what is put into it is escaped, be it text or a
 * quoted attribute's value. Null is nothing. The only place where HTML is escaped.
 */
export function markup(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { html: template.map((text, index) => text + htmlOf(parts[index] ?? null)).join('') }
}

function htmlOf(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'html' in part ? part.html : part.map(({ html }) => html).join('')
}

/** What is invisible or turns the direction of writing is shown as on a terminal; a page is no place for it either. */
function escaped(text: string): string {
  return escapeName(text)
    .replaceAll(/[\ufffe\uffff]/g, each => `\\u${each.charCodeAt(0).toString(16)}`)
    .replaceAll(/[&<>"']/g, each => `&#${each.charCodeAt(0)};`)
}
