import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forecastFitted } from '../anomaly/forecast/model.ts'
import { fitByFoldsSlowly, type RowPlan } from '../anomaly/rows/detector.ts'
import { type ForecastPlan, fitForecast } from '../training/fit-forecast.ts'
import { type RunScorer, type SkabResult, scoreRows } from './skab.ts'

/** A plan with a stream that reads the model `network`, and how that is trained. */
interface NetworkConfiguration {
  readonly plan: RowPlan
  readonly network: ForecastPlan
}

/** The committed configuration of the network on SKAB. */
export const NETWORK_SKAB = JSON.parse(
  readFileSync(join(import.meta.dirname, 'networks/skab.json'), 'utf8'),
) as NetworkConfiguration

/** Trains a network on the first rows of each run, by folds, and scores all rows. */
export function networkScorer(
  seed: number,
  { plan, network }: NetworkConfiguration = NETWORK_SKAB,
): RunScorer {
  const folds = plan.split && 'folds' in plan.split ? plan.split.folds : 4
  return async (train, run) => {
    const detector = await fitByFoldsSlowly(plan, train, folds, async runs => {
      return new Map([['network', forecastFitted(await fitForecast(network, runs, seed))]])
    })
    return scoreRows(detector, run)
  }
}

const NUMBERS = ['f1', 'far_pct', 'mar_pct', 'auc', 'nab_standard'] as const

/** Mean and spread of each number over seeds, and the numbers of every seed. */
export interface SeedsResult {
  readonly benchmark: 'skab'
  readonly detector: string
  readonly f1: number
  readonly far_pct: number
  readonly mar_pct: number
  readonly auc: number
  readonly nab_standard: number
  readonly spread: Readonly<Record<(typeof NUMBERS)[number], number>>
  readonly seeds: readonly Readonly<Record<(typeof NUMBERS)[number], number>>[]
}

/** Mean and spread over the results of several seeds. */
export function overSeeds(results: readonly SkabResult[]): SeedsResult {
  const count = results.length
  const means = NUMBERS.map(key => results.reduce((sum, one) => sum + one[key], 0) / count)
  const spreads = NUMBERS.map((key, k) => {
    const square = results.reduce((sum, one) => sum + (one[key] - means[k]!) ** 2, 0)
    return count > 1 ? Math.sqrt(square / (count - 1)) : 0
  })
  const named = (values: readonly number[]) =>
    Object.fromEntries(NUMBERS.map((key, k) => [key, values[k]!])) as SeedsResult['spread']
  return {
    ...{ benchmark: 'skab', detector: results[0]!.detector },
    ...named(means),
    spread: named(spreads),
    seeds: results.map(one => named(NUMBERS.map(key => one[key]))),
  }
}

/** The seeds as text. */
export function seedsReport(result: SeedsResult): string {
  const line = (label: string, numbers: Readonly<Record<(typeof NUMBERS)[number], number>>) =>
    `${label.padEnd(8)} F1 ${numbers.f1.toFixed(3)}  FAR ${numbers.far_pct.toFixed(1)} %  ` +
    `MAR ${numbers.mar_pct.toFixed(1)} %  AUC ${numbers.auc.toFixed(3)}  ` +
    `NAB ${numbers.nab_standard.toFixed(1)}`
  return [
    `${result.benchmark}, detector ${result.detector}`,
    ...result.seeds.map((numbers, i) => line(`seed ${i + 1}`, numbers)),
    line('mean', result),
    line('spread', result.spread),
  ].join('\n')
}
