import type { Engine, Store, StoreScope } from '../model/ports.ts'
import type { Context } from './context.ts'

/**
 * Clears what dead runs left: half-written restore points, and helpers, which would keep a volume from being deleted.
 * To be called under the lock. Names what was cleared.
 */
export async function clearRemains(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
): Promise<readonly string[]> {
  const [partials, helpers] = await Promise.all([
    store.clearPartials(scope, context.host.isAlive),
    engine.clearLeftovers(),
  ])
  return [...partials, ...helpers]
}
