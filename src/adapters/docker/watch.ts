import type { EngineEvent, EventWatch } from '../../model/ports.ts'
import { labels } from './owner.ts'
import type { Session } from './session.ts'

/**
 * Follows what happens to containers and volumes from now on. What helpers cause, ours or those of another run, is
 * left out. When the engine goes away, `seen` throws: nobody knows what happened since.
 */
export async function watchEvents(session: Session): Promise<EventWatch> {
  const { body: info } = await session.call<{ readonly SystemTime?: string }>({
    path: '/info',
    doing: 'tell its time',
  })
  const response = await session.connection.open({
    path: '/events',
    query: {
      // From the engine's own clock: what happens before the subscription stands is told too.
      since: sinceOf(info.SystemTime),
      filters: JSON.stringify({ type: ['container', 'volume'], event: watched }),
    },
    doing: 'tell what happens',
  })
  const events: EngineEvent[] = []
  const helpers = new Set<string>()
  let closed = false
  let lost: unknown = null
  const take = (line: string): void => {
    if (line.trim() === '') return
    const event = JSON.parse(line) as RawEvent
    if (event.Actor.Attributes[labels.helper] !== undefined) helpers.add(event.Actor.ID)
    const container = event.Type === 'volume' ? event.Actor.Attributes['container'] : event.Actor.ID
    if (container !== undefined && (helpers.has(container) || session.ownHelpers.has(container))) return
    if (event.Actor.Attributes[labels.lock] !== undefined || event.Action === 'create') return
    events.push(eventOf(event))
  }
  let rest = ''
  response.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  })
  response.on('error', error => (lost ??= error))
  response.once('close', () => (lost ??= new Error('its events broke off')))
  return {
    seen: () => {
      if (lost !== null && !closed) throw session.connection.lost(lost)
      return [...events]
    },
    close: () => {
      closed = true
      response.destroy()
    },
  }
}

/** `create` is only followed to learn the ids of other runs' helpers. */
const watched = [
  'create',
  'start',
  'restart',
  'pause',
  'unpause',
  'die',
  'stop',
  'destroy',
  'kill',
  'oom',
  'mount',
]

interface RawEvent {
  readonly Type: string
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
  readonly timeNano: number
}

function eventOf(event: RawEvent): EngineEvent {
  return {
    type: event.Type === 'volume' ? 'volume' : 'container',
    action: event.Action,
    id: event.Actor.ID,
    name: event.Actor.Attributes['name'] ?? event.Actor.ID,
    time: new Date(event.timeNano / 1e6).toISOString(),
  }
}

/** Seconds and nanoseconds, as the API wants them. */
function sinceOf(time: string | undefined): string {
  const [, whole = '', fraction = '', zone = ''] =
    /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time ?? '') ?? []
  const seconds = Math.floor(Date.parse(`${whole}${zone}`) / 1000)
  return Number.isNaN(seconds) ? '' : `${seconds}.${fraction.padEnd(9, '0').slice(0, 9)}`
}
