import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { combinerFitted } from '../anomaly/combine/model.ts'
import { forecastFitted } from '../anomaly/forecast/model.ts'
import { fitByFoldsSlowly, fitRowsSlowly, type RowPlan } from '../anomaly/rows/detector.ts'
import { type CombinerPlan, fitCombiner } from '../training/fit-combiner.ts'
import { type ForecastPlan, fitForecast } from '../training/fit-forecast.ts'
import { type RunScorer, scoreRows } from './skab.ts'
import type { RunsFit } from './tep.ts'

/** A plan with a stream that reads the model `network`, and how that is trained. */
interface NetworkConfiguration<Network> {
  readonly plan: RowPlan
  readonly network: Network
}

function committed<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'networks', file), 'utf8')) as T
}

/** The committed configuration of the network on SKAB. */
export const NETWORK_SKAB = committed<NetworkConfiguration<ForecastPlan>>('skab.json')

/** The committed configuration of the network on TEP, and the runs that it fits. */
export const NETWORK_TEP = committed<
  NetworkConfiguration<CombinerPlan> & { readonly fit: readonly string[] }
>('tep.json')

/** Numbers of a SKAB result that are given over seeds. */
export const SKAB_NUMBERS = ['f1', 'far_pct', 'mar_pct', 'auc', 'nab_standard'] as const

/** Numbers of a TEP result that are given over seeds. */
export const TEP_NUMBERS = ['fdr18', 'fdr21', 'far_normal_pct', 'far_prefault_pct'] as const

/** Trains a network on the first rows of each run, by folds, and scores all rows. */
export function networkScorer(
  seed: number,
  { plan, network }: NetworkConfiguration<ForecastPlan> = NETWORK_SKAB,
): RunScorer {
  const folds = plan.split && 'folds' in plan.split ? plan.split.folds : 4
  return async (train, run) => {
    const detector = await fitByFoldsSlowly(plan, train, folds, async runs => {
      return new Map([['network', forecastFitted(await fitForecast(network, runs, seed))]])
    })
    return scoreRows(detector, run)
  }
}

/** Trains a network on the runs to fit, beside the linear detectors of its plan. */
export function networkRows(
  seed: number,
  { plan, network }: NetworkConfiguration<CombinerPlan> = NETWORK_TEP,
): RunsFit {
  return (fit, calibrate) =>
    fitRowsSlowly(plan, fit, calibrate, async runs => {
      return new Map([['network', combinerFitted(await fitCombiner(network, runs, seed))]])
    })
}
