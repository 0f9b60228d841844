import type { CellScorer } from '../anomaly/tensorflow/cell-scorer.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { assert } from '../core/assert.ts'
import type { FeatureRows } from './collect.ts'

/** What the calibration learnt. */
export interface Calibration {
  readonly threshold: number
  readonly facts: ModelRecord['calibration']
  readonly metrics: { readonly score_calibration: number; readonly far_calibration: number }
}

const BLOCK_S = 1800
const SAFETY = 1.25
const CHUNK_ROWS = 512

/**
 * Split conformal threshold on rows that the fit has not seen: one value, the largest, per cell
 * and half hour, because rows beside each other are no independent witnesses.
 */
export function calibrate(scorer: CellScorer, rows: FeatureRows, from: number): Calibration {
  const width = rows.names.length
  const count = rows.times_ms.length
  assert(from < count, 'calibration has rows')
  const largest = new Map<string, number>()
  const out = new Float64Array(CHUNK_ROWS)
  const all = new Float64Array(count - from)
  for (let row = from; row < count; row += CHUNK_ROWS) {
    const size = Math.min(CHUNK_ROWS, count - row)
    scorer.score(rows.values.slice(row * width, (row + size) * width), size, out)
    all.set(out.subarray(0, size), row - from)
    for (let k = 0; k < size; k++) {
      const block = Math.floor(rows.times_ms[row + k]! / (BLOCK_S * 1000))
      const key = `${rows.cells[row + k]}/${block}`
      largest.set(key, Math.max(largest.get(key) ?? 0, out[k]!))
    }
  }
  const top = [...largest.values()].reduce((most, value) => Math.max(most, value), 0)
  return {
    threshold: top * SAFETY,
    metrics: {
      score_calibration: all.reduce((sum, score) => sum + score, 0) / all.length,
      far_calibration: all.filter(score => score > top * SAFETY).length / all.length,
    },
    facts: {
      rows: count - from,
      block_s: BLOCK_S,
      blocks: largest.size,
      largest: top,
      safety_1: SAFETY,
      chance_per_block: 1 / (largest.size + 1),
    },
  }
}
