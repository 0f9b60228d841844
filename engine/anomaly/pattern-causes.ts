import type { RowScorer } from '../flow.ts'
import { CELL_FEATURE_TEXTS, CELL_FEATURES } from './features.ts'
import type { Explanation } from './fusion/causes.ts'
import { dispersion, ranked } from './rows/explain.ts'

const CAUSES_MAX = 3
const WEIGHT_LEAST = 0.02
const WIDTH = CELL_FEATURES.length

/**
 * Why a model finds a cell unusual: what its score loses with each feature at the cell's usual
 * value at all times of the window; where those are not known, or none helps by itself, the shares
 * of its error.
 */
export function explainPattern(
  scorer: RowScorer,
  window: Float32Array, // [time][feature], one time for a model that takes a row
  usual: Float32Array, // [feature], NaN: not known
): Explanation {
  const { drops, shares } = lookedAt(scorer, window, usual)
  const ranking = drops.some(part => part > 0) ? drops : shares
  const total = ranking.reduce((sum, part) => sum + part, 0)
  const causes = ranked(ranking)
    .map(f => ({ text: CELL_FEATURE_TEXTS[CELL_FEATURES[f]!], weight: ranking[f]! / total }))
    .filter(({ weight }) => weight > WEIGHT_LEAST)
    .slice(0, CAUSES_MAX)
  const text = `unusual pattern, mostly ${causes[0]?.text ?? 'of several signals together'}`
  return { causes, dispersion: dispersion(ranking), text }
}

/** One call of the model for all features, the window as it is the last. */
function lookedAt(scorer: RowScorer, window: Float32Array, usual: Float32Array) {
  const size = window.length
  const rows = new Float32Array((WIDTH + 1) * size)
  for (let r = 0; r <= WIDTH; r++) {
    rows.set(window, r * size)
    if (r === WIDTH || Number.isNaN(usual[r]!)) continue
    for (let i = r; i < size; i += WIDTH) {
      // What is not known has no part in the score, and stays so.
      if (!Number.isNaN(window[i]!)) rows[r * size + i] = usual[r]!
    }
  }
  const scores = new Float64Array(WIDTH + 1)
  const parts = new Float64Array((WIDTH + 1) * WIDTH)
  scorer.score(rows, WIDTH + 1, scores, parts)
  return {
    drops: Float64Array.from({ length: WIDTH }, (_, f) => Math.max(0, scores[WIDTH]! - scores[f]!)),
    shares: parts.subarray(WIDTH * WIDTH),
  }
}
