import { messageOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'

/** The notice itself as JSON, and all of it in one `text`, which is what many services show. */
export function webhookCall(url: URL, notice: Notice): HttpCall {
  return { url, headers: {}, body: JSON.stringify({ format: 1, ...notice, text: messageOf(notice, 3000) }) }
}
