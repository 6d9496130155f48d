import { forecastJson } from '../core/forecast-json.ts'
import { planFor } from '../core/plan.ts'
import { changesAnything, predict } from '../core/predict.ts'
import { renderForecast } from '../core/render-forecast.ts'
import { Stop } from '../model/failure.ts'
import type { Contents, Holding } from '../model/holding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Forecast } from '../model/prediction.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { maskedArgv } from './entries.ts'
import { asOne, judge } from './judge.ts'
import { lookAhead } from './observe.ts'
import type { Look } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

/** Milliseconds that may be spent on sizes and last writes. */
const contentsBudget = 1000

/**
 * `plan [COMMAND …]`: what Compose would do, and what it means for the data. With `exitCode`: 0 nothing to do,
 * 2 something to do, 1 where Compose would fail.
 */
export async function plan(
  context: Context,
  invocation: Invocation,
  options: { readonly json: boolean; readonly exitCode: boolean },
): Promise<number> {
  refuseNonsense(invocation)
  const forecast = await foresee(context, invocation)
  context.print(
    options.json ? `${JSON.stringify(forecastJson(forecast), null, 2)}\n` : `${renderForecast(forecast)}\n`,
  )
  context.reporter.say({ type: 'foreseen', forecast })
  if (!options.exitCode) return 0
  if (forecast.prediction.failure !== null) return 1
  return changesAnything(forecast.prediction) ? 2 : 0
}

/** What Compose would do with a command, and what we would do before it. Runs nothing and changes nothing. */
export async function foresee(context: Context, invocation: Invocation): Promise<Forecast> {
  const look = await lookAhead(context, invocation)
  const command = maskedArgv(invocation.argv)
  const { facts } = look
  const prediction = predict(facts, invocation, look.circumstances)
  const holdings = prediction.volumes.flatMap(({ holding }) => holding ?? [])
  const [cases, contents, points] = await Promise.all([
    judge(context, [look], invocation, { ahead: true }),
    contentsOf(look, holdings),
    context.openStore().then(store => store.list(scopeOf(facts))),
  ])
  return {
    takenAt: facts.takenAt,
    project: facts.project.name,
    compose: facts.compose,
    engine: { id: facts.engine.id, host: facts.engine.host },
    command,
    prediction,
    contents,
    restorePoints: newestOf(points, holdings),
    plan: planFor(asOne(cases).decision, facts, { ...invocation, argv: command }),
  }
}

async function contentsOf(
  { engine, facts }: Look,
  holdings: readonly Holding[],
): Promise<Readonly<Record<string, Contents>>> {
  if (holdings.length === 0) return {}
  const found = [...(await engine.contents(holdings, facts, contentsBudget))]
  return Object.fromEntries(found.map(([holding, contents]) => [identityOfHolding(holding), contents]))
}

/** `points` are the newest first. */
function newestOf(points: readonly RestorePoint[], holdings: readonly Holding[]): Forecast['restorePoints'] {
  const wanted = new Set(holdings.map(identityOfHolding))
  const newest: Record<string, { id: string; finishedAt: string }> = {}
  for (const { id, state, manifest } of points) {
    if (state !== 'good') continue
    for (const { holding } of manifest.holdings) {
      const identity = identityOfHolding(holding)
      if (wanted.has(identity)) newest[identity] ??= { id, finishedAt: manifest.finishedAt }
    }
  }
  return newest
}

/** A line that Compose rejects does nothing, and has no plan. */
function refuseNonsense({ outcome, error, command }: Invocation): void {
  if (outcome === 'run') return
  const how = 'safe-compose plan up -d; options that choose the project stand before plan'
  if (outcome === 'error')
    throw new Stop({ reason: 'bad-usage', what: `Compose rejects this line: ${error ?? ''}`, how })
  const what = outcome === 'help' ? 'help does nothing' : `Compose has no command ${command.join(' ')}`
  throw new Stop({ reason: 'bad-usage', what, how })
}
