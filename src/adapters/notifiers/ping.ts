import { messageOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'

/** An address that expects to be called after each success (Healthchecks and its like); `/fail` behind it says the contrary. */
export function pingCall(url: URL, notice: Notice): HttpCall {
  const called = new URL(url)
  if (notice.kind === 'failed' || notice.kind === 'stale')
    called.pathname = `${url.pathname.replace(/\/$/, '')}/fail`
  return {
    url: called,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: messageOf(notice, 10_000),
  }
}
