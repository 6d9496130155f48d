import { bodyOf, headlineOf } from '../../core/notice-text.ts'
import type { Notice } from '../../model/notice.ts'
import type { HttpCall } from './http.ts'

/** A workflow of Teams that waits for a webhook: an adaptive card, its texts as runs, in which no markup counts. */
export function teamsCall(url: URL, notice: Notice): HttpCall {
  const paragraph = (text: string, style: object = {}): object => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: text.slice(0, 2000), ...style }],
  })
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      paragraph(headlineOf(notice), { weight: 'Bolder', color: colors[notice.kind] }),
      ...bodyOf(notice)
        .slice(-30)
        .map(line => paragraph(line)),
    ],
  }
  const attachment = {
    contentType: 'application/vnd.microsoft.card.adaptive',
    contentUrl: null,
    content: card,
  }
  return { url, headers: {}, body: JSON.stringify({ type: 'message', attachments: [attachment] }) }
}

const colors: Readonly<Record<Notice['kind'], string>> = {
  failed: 'Attention',
  stale: 'Warning',
  recovered: 'Good',
  succeeded: 'Good',
}
