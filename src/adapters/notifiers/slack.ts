import { messageOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'

/** An incoming webhook of Slack, or of those who take the same (Mattermost, Rocket.Chat). */
export function slackCall(url: URL, notice: Notice): HttpCall {
  // Plain text with these three escaped, as Slack has it: nothing in it becomes a link or calls anybody.
  const text = messageOf(notice, 3000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  return { url, headers: {}, body: JSON.stringify({ text, mrkdwn: false }) }
}
