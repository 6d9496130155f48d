import { bodyOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'
import { Undelivered } from './undelivered.ts'

/**
 * A topic of ntfy, given by its address (`https://ntfy.sh/TOPIC`). Published as JSON at the server's root, since headers
 * could not hold every title.
 */
export function ntfyCall(url: URL, notice: Notice): HttpCall {
  const [, before = '', topic = ''] = /^(.*\/)([^/]+)\/?$/.exec(url.pathname) ?? []
  if (topic === '') throw new Undelivered('its address names no topic', { transient: false })
  const root = new URL(url)
  root.pathname = before
  const { priority, tag } = looks[notice.kind]
  const message = bodyOf(notice).join('\n').slice(-3000)
  const body = { topic: decodeURIComponent(topic), title: notice.summary, message, priority, tags: [tag] }
  return { url: root, headers: {}, body: JSON.stringify(body) }
}

/** 5 rings through silence, 3 is what is usual. */
const looks: Readonly<Record<Notice['kind'], { readonly priority: number; readonly tag: string }>> = {
  failed: { priority: 4, tag: 'x' },
  stale: { priority: 4, tag: 'warning' },
  recovered: { priority: 3, tag: 'white_check_mark' },
  succeeded: { priority: 2, tag: 'white_check_mark' },
}
