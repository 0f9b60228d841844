import type { RowScorer } from '../flow.ts'
import { CELL_FEATURE_TEXTS, CELL_FEATURES } from './features.ts'
import type { Explanation } from './fusion/causes.ts'
import { dispersion, ranked } from './rows/explain.ts'

const CAUSES_MAX = 3
const WEIGHT_LEAST = 0.02
const WIDTH = CELL_FEATURES.length

/**
 * Why a model finds a cell unusual: what its score loses with each feature at the cell's usual
 * value; where those are not known, or none helps by itself, the shares of its error.
 */
export function explainPattern(
  scorer: RowScorer,
  row: Float32Array, // [feature]
  usual: Float32Array, // [feature], NaN: not known
  shares: Float64Array, // [feature]
): Explanation {
  const parts = dropsOf(scorer, row, usual)
  const ranking = parts.some(part => part > 0) ? parts : shares
  const total = ranking.reduce((sum, part) => sum + part, 0)
  const causes = ranked(ranking)
    .map(f => ({ text: CELL_FEATURE_TEXTS[CELL_FEATURES[f]!], weight: ranking[f]! / total }))
    .filter(({ weight }) => weight > WEIGHT_LEAST)
    .slice(0, CAUSES_MAX)
  const text = `unusual pattern, mostly ${causes[0]?.text ?? 'of several signals together'}`
  return { causes, dispersion: dispersion(ranking), text }
}

/** One call of the model for all features. */
function dropsOf(scorer: RowScorer, row: Float32Array, usual: Float32Array): Float64Array {
  const rows = new Float32Array((WIDTH + 1) * WIDTH)
  for (let r = 0; r <= WIDTH; r++) {
    rows.set(row, r * WIDTH)
    // What is not known has no part in the score, and stays so.
    if (r < WIDTH && !Number.isNaN(row[r]!) && !Number.isNaN(usual[r]!)) {
      rows[r * WIDTH + r] = usual[r]!
    }
  }
  const scores = new Float64Array(WIDTH + 1)
  scorer.score(rows, WIDTH + 1, scores)
  return Float64Array.from({ length: WIDTH }, (_, f) => Math.max(0, scores[WIDTH]! - scores[f]!))
}
