import type { RunState } from '../../model/journal.ts'
import type { Endpoint } from './endpoint.ts'
import { labels, readHolder } from './owner.ts'
import type { PlainCall } from './plain-call.ts'

/** What the child is told when it is armed. */
export interface GuardianOrder {
  readonly endpoint: Endpoint
  /** How the containers stood before they were touched; those that were not are left out. */
  readonly ran: readonly RunState[]
}

/** Who died: its helpers and its lock are removed at the end. */
export interface Deceased {
  readonly host: string
  readonly pid: number
}

/**
 * Puts back what a dead run stopped or paused: unpauses at once, waits until no stop that it asked for is under way,
 * restores restart policies, starts what ran, removes its helpers and its lock. Leaves everything to a new run as soon
 * as one holds the project's lock. Gives what could not be done; throws only when the engine stays away.
 */
export async function putBack(
  call: PlainCall,
  ran: readonly RunState[],
  deceased: Deceased,
): Promise<readonly string[]> {
  const states = ran.toReversed()
  const troubles: string[] = []
  const each = async (work: (state: RunState) => Promise<void>): Promise<void> => {
    for (const state of states) {
      try {
        await work(state)
      } catch (error) {
        troubles.push(`${state.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  await each(state => (state.done === 'paused' ? unpause(call, state) : Promise.resolve()))
  if (!(await stopsAreOver(call, states, deceased))) return troubles
  await each(state => putBackOne(call, state))
  await remove(call, deceased)
  return troubles
}

/** How long nothing must be on its way to a stop, and how often to look, in milliseconds. */
const quiet = 1500
const interval = 250

/** A stop, once asked for, ends in ten seconds unless the container says otherwise; no container says more than this. */
const longestStop = 15 * 60 * 1000

/**
 * The engine goes on with a stop whose client died, and so does a `compose stop`, service by service: what is started
 * too early would be stopped again. True when it is over, false when a new run has taken over.
 */
async function stopsAreOver(
  call: PlainCall,
  states: readonly RunState[],
  deceased: Deceased,
): Promise<boolean> {
  const stopping = states.filter(state => state.done === 'stopped')
  const begin = performance.now()
  let quietSince = begin
  for (;;) {
    if (await isTakenOver(call, states, deceased)) return false
    const now = performance.now()
    if (stopping.length > 0 && (await anyUnderWay(call, stopping))) quietSince = now
    const enough = stopping.length === 0 ? 0 : quiet
    if (now - quietSince >= enough || now - begin > longestStop) return true
    await new Promise(resolve => setTimeout(resolve, interval))
  }
}

/** A container that was sent a signal and neither died nor started since. A signal that is no stop counts for a while. */
async function anyUnderWay(call: PlainCall, states: readonly RunState[]): Promise<boolean> {
  const info = await call('GET', '/info')
  const now = Date.parse((info.body as { SystemTime?: string }).SystemTime ?? '') / 1000
  if (Number.isNaN(now)) return false
  const filters = {
    type: ['container'],
    event: ['kill', 'die', 'start'],
    container: states.map(state => state.id),
  }
  const query = new URLSearchParams({
    since: String(Math.floor(now) - longestStop / 1000),
    until: now.toFixed(9),
    filters: JSON.stringify(filters),
  })
  const { text } = await call('GET', `/events?${query.toString()}`)
  const last = new Map<string, { readonly action: string; readonly time: number }>()
  for (const line of text.split('\n').filter(each => each.trim() !== '')) {
    const event = JSON.parse(line) as { Action: string; time: number; Actor: { ID: string } }
    last.set(event.Actor.ID, { action: event.Action, time: event.time })
  }
  for (const [id, event] of last) {
    if (event.action === 'kill' && now - event.time < (await gracePeriod(call, id)) + 5) return true
  }
  return false
}

/** Seconds. */
async function gracePeriod(call: PlainCall, id: string): Promise<number> {
  const { status, body } = await call('GET', `/containers/${id}/json`)
  return status < 300 ? ((body as { Config?: { StopTimeout?: number } }).Config?.StopTimeout ?? 10) : 0
}

/** A new run first puts back what the dead one left; two of us would tread on each other's toes. */
async function isTakenOver(
  call: PlainCall,
  states: readonly RunState[],
  deceased: Deceased,
): Promise<boolean> {
  const projects = new Set(states.flatMap(state => state.project ?? []))
  return (await ours(call, labels.lock)).some(lock => projects.has(lock.label) && !isOf(lock.owner, deceased))
}

async function putBackOne(call: PlainCall, state: RunState): Promise<void> {
  if (state.done === 'paused') return unpause(call, state)
  if (state.done === 'nothing') return
  if (state.restartPolicy === 'always' || state.restartPolicy === 'unless-stopped') {
    await must(call, `/containers/${state.id}/update`, {
      RestartPolicy: { Name: state.restartPolicy, MaximumRetryCount: state.restartMaximumRetries },
    })
  }
  if (state.state === 'stopped') return
  await must(call, `/containers/${state.id}/start`)
  if (state.state === 'paused') await must(call, `/containers/${state.id}/pause`)
}

async function unpause(call: PlainCall, state: RunState): Promise<void> {
  const { status, body } = await call('GET', `/containers/${state.id}/json`)
  if (status >= 300 || !(body as { State: { Paused: boolean } }).State.Paused) return
  await must(call, `/containers/${state.id}/unpause`)
}

/** 304: it is so already. 404: the container is gone, and nothing is left to put back. */
async function must(call: PlainCall, path: string, body?: object): Promise<void> {
  const reply = await call('POST', path, body)
  if (reply.status < 300 || reply.status === 304 || reply.status === 404) return
  throw new Error(`${path}: ${reply.text.trim() || reply.status}`)
}

async function remove(call: PlainCall, deceased: Deceased): Promise<void> {
  const filters = new URLSearchParams({ filters: JSON.stringify({ label: [labels.helper] }) })
  for (const helper of await ours(call, labels.helper)) {
    if (isOf(helper.label, deceased)) await call('DELETE', `/containers/${helper.id}?force=1`)
  }
  const volumes = await call('GET', `/volumes?${filters.toString()}`)
  const scratch = volumes.body as { Volumes?: { Name: string; Labels?: Record<string, string> }[] | null }
  for (const volume of scratch.Volumes ?? []) {
    if (isOf(volume.Labels?.[labels.helper], deceased)) {
      await call('DELETE', `/volumes/${encodeURIComponent(volume.Name)}`)
    }
  }
  for (const lock of await ours(call, labels.lock)) {
    if (isOf(lock.owner, deceased)) await call('DELETE', `/containers/${lock.id}?force=1`)
  }
}

/** Containers with a label of ours. */
async function ours(
  call: PlainCall,
  label: string,
): Promise<readonly { readonly id: string; readonly label: string; readonly owner: string | undefined }[]> {
  const query = new URLSearchParams({ all: '1', filters: JSON.stringify({ label: [label] }) })
  const { body } = await call('GET', `/containers/json?${query.toString()}`)
  const containers = Array.isArray(body) ? (body as { Id: string; Labels: Record<string, string> }[]) : []
  return containers.map(({ Id, Labels }) => ({
    id: Id,
    label: Labels[label] ?? '',
    owner: Labels[labels.owner],
  }))
}

function isOf(label: string | undefined, deceased: Deceased): boolean {
  const holder = readHolder(label)
  return holder !== null && holder.host === deceased.host && holder.pid === deceased.pid
}
