import { messageOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'

/** Discord takes 2000 characters; the rest is for what escaping adds. */
const most = 900

/** A webhook of Discord. */
export function discordCall(url: URL, notice: Notice): HttpCall {
  const content = messageOf(notice, most).replaceAll(/[\\*_~`|>#[\]()]/g, String.raw`\$&`)
  // Nobody is called, whatever a name looks like.
  return { url, headers: {}, body: JSON.stringify({ content, allowed_mentions: { parse: [] } }) }
}
