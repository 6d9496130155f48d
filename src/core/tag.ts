import { Stop } from '../model/failure.ts'

/**
 * A tag as it was given, which becomes part of folder names. Throws `bad-usage` where it cannot.
 *
 * @param where what the message begins with: `the tag`, `the variable SAFE_COMPOSE_TAG:`
 */
export function checkedTag(tag: string, where = 'the tag'): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$/.test(tag)) return tag
  throw new Stop({
    reason: 'bad-usage',
    what: `${where} ${JSON.stringify(tag)} cannot be used`,
    how: 'letters, digits, dot, dash and underscore, beginning with a letter or digit, at most 80',
  })
}
