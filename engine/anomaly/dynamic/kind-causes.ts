import type { Cause } from '../../flow.ts'
import { dispersion, ranked, reconstruction } from '../rows/explain.ts'

/** Why an asset stands out. */
export interface KindExplanation {
  readonly causes: readonly Cause[]
  readonly dispersion: number
  readonly text: string
}

const CAUSES_MAX = 3
const WEIGHT_LEAST = 0.02

/** Ranks the signals by what the statistic loses with each put right, in the asset's window. */
export function explainKind(
  weights: Float64Array, // [row][n]
  window: Float64Array, // [lag, newest first][channel]
  names: readonly string[], // [channel]
): KindExplanation {
  const n = window.length
  const residual = { name: 'Tr2', weights, count: n }
  const drops = reconstruction(residual, n, names.length).drops(window)
  const total = drops.reduce((sum, drop) => sum + drop, 0)
  const causes = ranked(drops)
    .map(c => ({ text: names[c]!, weight: drops[c]! / total }))
    .filter(({ weight }) => weight > WEIGHT_LEAST)
    .slice(0, CAUSES_MAX)
  const text = `signals move together otherwise than usual, mostly ${causes[0]?.text ?? 'several signals'}`
  return { causes, dispersion: dispersion(drops), text }
}
