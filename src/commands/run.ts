import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd } from '../model/ports.ts'
import type { Context } from './context.ts'

/** Runs the words by the program that they were typed for. */
export function run(context: Context, { form, argv }: Pick<Invocation, 'form' | 'argv'>): Promise<ChildEnd> {
  return form === 'docker' ? context.docker.run(argv) : context.compose.run(argv)
}
