import { isAbsolute, join } from 'node:path'
import { metricsMark, metricsOf, metricsText } from '../core/metrics.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'

/**
 * `metrics`: how the restore points of this project are, for Prometheus; of every project with `all` or outside of one.
 * To standard output, or as a whole into a file that a textfile collector reads.
 */
export async function metrics(
  context: Context,
  project: Invocation,
  options: { readonly all: boolean; readonly textfile: string | null },
): Promise<number> {
  const store = await context.openStore()
  const name = options.all ? null : await findProjectName(context, project)
  const [points, outcomes] = await Promise.all([
    store.list({ engine: null, project: name }),
    context.outcomes.all(),
  ])
  const text = metricsText(
    metricsOf({
      version: context.version,
      now: context.host.now(),
      points,
      outcomes: outcomes.filter(outcome => name === null || outcome.project === name),
    }),
  )
  const { textfile } = options
  if (textfile === null) context.print(text)
  else {
    const path = isAbsolute(textfile) ? textfile : join(context.directory, textfile)
    if (!path.endsWith('.prom'))
      context.reporter.say({
        type: 'warning',
        text: `${textfile} does not end with .prom: a textfile collector passes it over`,
      })
    await context.files.publishText(path, text, metricsMark)
  }
  return 0
}
