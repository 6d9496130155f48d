import { describe, expect, test } from 'vitest'
import type { Event, Reporter } from '../../src/model/event.ts'
import { blockInMarkdown, codeInMarkdown, inMarkdown } from '../../src/ui/markdown.ts'
import { withStepSummary } from '../../src/ui/step-summary.ts'
import {
  aDecision,
  aFinding,
  aForecast,
  aPlan,
  aRestorePoint,
  aStake,
  aVolume,
  downV,
  evening,
  shopStakes,
} from '../fakes/question.ts'

const point = aRestorePoint({ id: '20261123T201631Z-preflight-down', reason: 'preflight' })
const stakes = shopStakes({ verdict: 'back-up' })
const found: Event = {
  type: 'found',
  decision: aDecision({ verdict: 'back-up', stakes }),
  project: 'shop',
  command: ['compose', '-p', 'shop', 'down', '-v'],
  newest: null,
  kept: [],
}
const saved: Event = {
  type: 'saved',
  manifest: point.manifest,
  bytes: 1_200_000_000,
  stored: 310_000_000,
  milliseconds: 5200,
}

function summaryOf(events: readonly Event[], append?: (text: string) => string | null) {
  let summary = ''
  const said: Event[] = []
  const inner: Reporter = { say: event => void said.push(event), quiet: () => {} }
  const reporter = withStepSummary(inner, {
    append:
      append ??
      (text => {
        summary += text
        return null
      }),
    now: () => evening,
  })
  for (const event of events) reporter.say(event)
  return { summary, said }
}

describe('words in Markdown', () => {
  test('mean nothing but themselves', () => {
    expect(inMarkdown('a|b *c* _d_ `e` [f](g) <h> & #i ~j~ $k$ \\')).toBe(
      String.raw`a\|b \*c\* \_d\_ \`e\` \[f\](g) &lt;h&gt; &amp; \#i \~j\~ \$k\$ \\`,
    )
    expect(inMarkdown('two\nlines')).toBe('two lines')
  })

  test('as code, whatever backticks are in them', () => {
    expect(codeInMarkdown('down -v')).toBe('`down -v`')
    expect(codeInMarkdown('a ``b` c')).toBe('```a ``b` c```')
    expect(codeInMarkdown('`a')).toBe('`` `a ``')
    expect(blockInMarkdown(['a', '```', 'b'])).toEqual(['````text', 'a', '```', 'b', '````'])
  })
})

test('a guarded command: what was at stake, what was saved, how it comes back', () => {
  const ended: Event = {
    type: 'compose-ended',
    exitCode: 0,
    gone: [aVolume('shop_pgdata'), aVolume('shop_redis')],
    kept: [],
    restorePoint: point.id,
    audience: 'script',
  }
  expect(summaryOf([found, saved, { type: 'compose-starts', argv: downV }, ended]).summary).toBe(
    [
      '### safe-compose: `-p shop down -v`',
      '',
      '| data | what happens | backup | why |',
      '| --- | --- | --- | --- |',
      String.raw`| shop\_pgdata (PostgreSQL 15, 1.2 GB) | deleted | backed up first | down --volumes deletes it |`,
      String.raw`| shop\_redis (Redis 7, 38 MB) | deleted | backed up first | down --volumes deletes it |`,
      '',
      'Saved as `20261123T201631Z-preflight-down` (1.2 GB → 310 MB, checked).',
      '',
      String.raw`Gone: shop\_pgdata, shop\_redis. Bring it back with:`,
      '',
      '```text',
      'safe-compose -p shop undo 20261123T201631Z-preflight-down',
      '```',
      '',
      '',
    ].join('\n'),
  )
})

test('a plan, with what the rules say; names cannot leave their cell', () => {
  const finding = aFinding(aVolume('shop_a|b'), { because: 'a | b\nc', instead: 'docker compose down' })
  const plan = aPlan(aDecision({ stakes: [aStake(finding, null)] }))
  const forecast = aForecast(plan, {
    prediction: {
      containers: [],
      volumes: [
        {
          action: 'destroy',
          name: 'shop_a|b',
          kind: 'named',
          key: 'a|b',
          holding: aVolume('shop_a|b'),
          usedBy: ['db'],
          why: 'the command says so',
          certain: true,
        },
      ],
      failure: null,
      notes: ['`build` is not looked into'],
    },
  })
  const { summary, said } = summaryOf([{ type: 'foreseen', forecast }])
  expect(said).toHaveLength(1)
  expect(summary).toBe(
    [
      '### safe-compose plan: `down -v`',
      '',
      'project shop: volumes: 1 destroyed',
      '',
      '|  | name | what | why |',
      '| --- | --- | --- | --- |',
      String.raw`| ✗ | shop\_a\|b | destroyed | the command says so |`,
      '',
      '- down-volumes: a \\| b c (backed up first)',
      '  <br>instead: docker compose down',
      '  <br>more: safe-compose explain down-volumes',
      '',
      String.raw`- \`build\` is not looked into`,
      '',
      '',
    ].join('\n'),
  )
})

test('a failure and a refusal, each once', () => {
  const failure = { reason: 'refused', why: 'data' } as const
  const failed: Event = { type: 'failed', kind: 'guarded', command: downV, failure }
  const refused: Event = {
    type: 'refused',
    decision: aDecision({ verdict: 'refuse' }),
    code: null,
    anotherProject: null,
    project: 'shop',
    command: downV,
  }
  expect(summaryOf([refused, failed]).summary.match(/###/g)).toHaveLength(1)
  expect(summaryOf([refused]).summary).toContain(
    '### safe-compose: `down -v` was refused\n\n```text\nsafe-compose: refused:',
  )
  const noSpace: Event = {
    ...failed,
    failure: { reason: 'backup-failed', holding: 'shop_pgdata', why: 'no space left', how: 'make room' },
  }
  expect(summaryOf([noSpace]).summary).toContain('the backup of shop_pgdata failed: no space left')
})

test('a backup by hand; one before a command is told with the command', () => {
  const manual: Event = {
    ...saved,
    manifest: aRestorePoint({ id: '20261123T201631Z-v2', reason: 'manual', tag: 'v2' }).manifest,
  }
  expect(summaryOf([manual]).summary).toContain('### safe-compose backup: `20261123T201631Z-v2` (v2)\n')
  expect(summaryOf([manual]).summary).toContain('safe-compose restore 20261123T201631Z-v2')
  expect(summaryOf([saved]).summary).toBe('')
})

test('a file that cannot be written is told once and stops nothing', () => {
  const starts: Event = { type: 'compose-starts', argv: downV }
  const { said } = summaryOf([found, starts, starts], () => 'EACCES: permission denied')
  expect(said.filter(({ type }) => type === 'warning')).toEqual([
    {
      type: 'warning',
      text: 'the summary of this step could not be written: EACCES: permission denied',
    },
  ])
  expect(said.filter(({ type }) => type === 'compose-starts')).toHaveLength(2)
})
