import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { combinerFitted } from '../anomaly/combine/model.ts'
import { forecastFitted } from '../anomaly/forecast/model.ts'
import {
  fitByFoldsSlowly,
  fitRowsSlowly,
  type RowDetector,
  type RowPlan,
  type SlowFit,
} from '../anomaly/rows/detector.ts'
import { type Run, runSlice } from '../anomaly/rows/run.ts'
import { type CombinerPlan, fitCombiner } from '../training/fit-combiner.ts'
import { type ForecastPlan, fitForecast } from '../training/fit-forecast.ts'
import { type RunScorer, scoreRows } from './skab.ts'
import type { RunsFit } from './tep.ts'

/** How a network is trained: one that weighs streams, or one that forecasts rows. */
export type NetworkPlan = CombinerPlan | ForecastPlan

/** A plan with a stream that reads the model `network`, and how that is trained. */
export interface NetworkConfiguration<Network extends NetworkPlan = NetworkPlan> {
  readonly plan: RowPlan
  readonly network: Network
  /** Runs that TEP fits. */
  readonly fit?: readonly string[]
  /** Parts that each run is cut into for the network, which needs runs it has not seen. */
  readonly parts?: number
}

function committed<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'networks', file), 'utf8')) as T
}

/** The committed configuration of the network on SKAB. */
export const NETWORK_SKAB = committed<NetworkConfiguration<ForecastPlan>>('skab.json')

/** The committed configuration of the network on TEP. */
export const NETWORK_TEP = committed<NetworkConfiguration<CombinerPlan>>('tep.json')

/** Trains a network on the first rows of each run, by folds, and scores all rows. */
export function networkScorer(
  seed: number,
  configuration: NetworkConfiguration = NETWORK_SKAB,
): RunScorer {
  return async (train, run) => scoreRows(await networkOneRun(seed, train, configuration), run)
}

/** Trains a network on one run, by folds. */
export function networkOneRun(
  seed: number,
  run: Run,
  { plan, ...network }: NetworkConfiguration = NETWORK_SKAB,
): Promise<RowDetector> {
  const folds = plan.split && 'folds' in plan.split ? plan.split.folds : 4
  return fitByFoldsSlowly(plan, run, folds, trained(network, seed))
}

/** Trains a network on the runs to fit, beside the linear detectors of its plan. */
export function networkRows(
  seed: number,
  { plan, ...network }: NetworkConfiguration = NETWORK_TEP,
): RunsFit {
  return (fit, calibrate) => fitRowsSlowly(plan, fit, calibrate, trained(network, seed))
}

/** A network that weighs streams is told from one that forecasts by having some. */
export function isCombiner(network: NetworkPlan): network is CombinerPlan {
  return 'streams' in network
}

function trained({ network, parts }: Omit<NetworkConfiguration, 'plan'>, seed: number): SlowFit {
  return async runs => {
    const pieces = parts === undefined ? runs : runs.flatMap(run => cut(run, parts))
    const model = isCombiner(network)
      ? combinerFitted(await fitCombiner(network, pieces, seed))
      : forecastFitted(await fitForecast(network, pieces, seed))
    return new Map([['network', model]])
  }
}

function cut(run: Run, parts: number): Run[] {
  const at = (k: number) => Math.floor((k * run.count) / parts)
  return Array.from({ length: parts }, (_, k) => runSlice(run, at(k), at(k + 1)))
}
