import type { Facts, ServiceModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import { isDryRun } from './invocation.ts'
import { commandOf, reachedServices } from './reach.ts'
import { servedData } from './served-data.ts'
import type { ServedData } from './served-data.ts'

/** A store of the project with what the file says about its data, whether it exists yet or not. */
export interface DeclaredData extends ServedData {
  readonly service: ServiceModel
}

/** The data of the stores that `up` and `create` start, as the file declares it. Empty for every other command. */
export function declaredData(facts: Facts, invocation: Invocation): readonly DeclaredData[] {
  const command = commandOf(invocation)
  if ((command !== 'up' && command !== 'create') || isDryRun(invocation)) return []
  return reachedServices(facts, invocation).flatMap(({ service }) =>
    servedData(facts, service, null).map(data => ({ ...data, service })),
  )
}
