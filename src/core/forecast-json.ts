import { identityOfHolding, nameOfHolding } from '../model/holding.ts'
import type { Forecast, PredictedVolume } from '../model/prediction.ts'
import { changesAnything } from './predict.ts'

/**
 * A forecast for programs: `plan --json`, as src/schemas/plan.schema.json describes it. What is there is never taken
 * away or given another meaning under the same `format`; readers pass over what they do not know.
 */
export function forecastJson(forecast: Forecast): object {
  const { prediction, plan } = forecast
  const { decision } = plan
  return {
    format: 1,
    takenAt: forecast.takenAt,
    project: forecast.project,
    command: forecast.command,
    compose: forecast.compose,
    engine: forecast.engine,
    changes: changesAnything(prediction),
    failure: prediction.failure,
    containers: prediction.containers,
    volumes: prediction.volumes.map(volume => volumeJson(forecast, volume)),
    findings: decision.stakes.map(({ stake: { finding }, verdict, why, backUp }) => ({
      id: finding.id ?? null,
      rule: finding.rule,
      outcome: finding.outcome,
      warning: finding.warning === true,
      holding: nameOfHolding(finding.holding),
      because: finding.because,
      evidence: finding.evidence,
      usedBy: finding.usedBy,
      wouldUse: finding.wouldUse ?? null,
      instead: finding.instead,
      verdict,
      why,
      backUp,
    })),
    verdict: decision.verdict,
    steps: plan.steps,
    notes: prediction.notes,
  }
}

function volumeJson(forecast: Forecast, { holding, ...volume }: PredictedVolume): object {
  const identity = holding === null ? null : identityOfHolding(holding)
  const contents = identity === null ? undefined : forecast.contents[identity]
  return {
    ...volume,
    empty: contents?.empty ?? null,
    bytes: contents?.bytes ?? null,
    lastWrite: contents?.lastWrite ?? null,
    database: contents?.database?.label ?? null,
    newestRestorePoint: (identity === null ? undefined : forecast.restorePoints[identity]) ?? null,
  }
}
